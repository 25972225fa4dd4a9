namespace Hearth.Contracts.Archives;

/// <summary>Unpacks a package so that its folder is either absent or whole.</summary>
public static class CodeInstaller
{
    /// <summary>Unpacks <paramref name="zipPath"/> to <paramref name="destination"/>, by way of a folder below <paramref name="stagingRoot"/>: see <see cref="WholeFolder.Make"/>.</summary>
    /// <exception cref="LambdaException">The package is refused; nothing is left behind.</exception>
    /// <exception cref="IOException">The disk is full or cannot be written; nothing is left behind.</exception>
    public static void Install(string zipPath, string stagingRoot, string destination, CancellationToken cancellationToken = default) =>
        WholeFolder.Make(stagingRoot, destination, staging =>
        {
            using CodeArchive archive = CodeArchive.Open(zipPath);
            archive.ExtractTo(staging, cancellationToken);
        });
}
