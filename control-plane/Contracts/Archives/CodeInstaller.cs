namespace Hearth.Contracts.Archives;

/// <summary>Unpacks a package so that its folder is either absent or whole.</summary>
public static class CodeInstaller
{
    /// <summary>
    /// Unpacks <paramref name="zipPath"/> below <paramref name="stagingRoot"/>, then renames the folder to <paramref name="destination"/> (same file system).
    /// Does nothing when the destination is there already, also when another caller wins the race.
    /// </summary>
    /// <exception cref="LambdaException">The package is refused; nothing is left behind.</exception>
    /// <exception cref="IOException">The disk is full or cannot be written; nothing is left behind.</exception>
    public static void Install(string zipPath, string stagingRoot, string destination, CancellationToken cancellationToken = default)
    {
        if (Directory.Exists(destination))
            return;
        string staging = Path.Join(stagingRoot, Guid.NewGuid().ToString("N"));
        ArchiveFiles.MakeFolder(staging);
        try
        {
            using (CodeArchive archive = CodeArchive.Open(zipPath))
                archive.ExtractTo(staging, cancellationToken);
            FileSync.FileSystemOf(staging);
            try
            {
                Directory.Move(staging, destination);
            }
            catch (IOException) when (Directory.Exists(destination))
            {
                // Another caller unpacked the same bytes first; its folder is as good.
            }
        }
        finally
        {
            if (Directory.Exists(staging))
                Directory.Delete(staging, recursive: true);
        }
    }
}
