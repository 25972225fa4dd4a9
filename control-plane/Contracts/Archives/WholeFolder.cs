namespace Hearth.Contracts.Archives;

/// <summary>A folder that is either absent or whole, also after a crash while it was made.</summary>
public static class WholeFolder
{
    /// <summary>
    /// Fills a folder below <paramref name="stagingRoot"/>, writes it to the disk and renames it to <paramref name="destination"/> (same file system).
    /// Does nothing when the destination is there already, also when another caller wins the race: equal names have equal contents.
    /// </summary>
    /// <exception cref="IOException">The disk is full or cannot be written; nothing is left behind, whatever <paramref name="fill"/> throws.</exception>
    public static void Make(string stagingRoot, string destination, Action<string> fill)
    {
        if (Directory.Exists(destination))
            return;
        string staging = Path.Join(stagingRoot, Guid.NewGuid().ToString("N"));
        MakeEmpty(staging);
        try
        {
            fill(staging);
            FileSync.FileSystemOf(staging);
            try
            {
                Directory.Move(staging, destination);
            }
            catch (IOException) when (Directory.Exists(destination))
            {
                // Another caller made it first.
            }
        }
        finally
        {
            if (Directory.Exists(staging))
                Directory.Delete(staging, recursive: true);
        }
    }

    /// <summary>Everybody may read and enter it, whatever the umask says.</summary>
    public static void MakeEmpty(string path) => ArchiveFiles.MakeFolder(path);
}
