using System.Text;
using Hearth.Contracts.Archives;

namespace Hearth.Agent.Functions;

/// <summary>
/// Puts unpacked layers together in one folder, as if they had been unpacked over each other: what a later one holds replaces what is there. Files are hard links,
/// so that a layer takes its room on the disk once. The layers are tenants' trees: no link in them is followed, neither while reading nor while writing.
/// </summary>
internal static unsafe class LayerMerge
{
    private const UnixFileMode FolderMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    /// <summary>Makes <paramref name="destination"/> by way of a folder below <paramref name="stagingRoot"/> (same file system): it is absent or whole.</summary>
    /// <exception cref="IOException">The disk is full, or a layer is gone.</exception>
    public static void Install(IEnumerable<string> layers, string stagingRoot, string destination)
    {
        if (Directory.Exists(destination))
            return;
        var staging = Path.Join(stagingRoot, Guid.NewGuid().ToString("N"));
        MakeFolder(staging);
        try
        {
            foreach (var layer in layers)
                Add(layer, staging);
            FileSync.FileSystemOf(staging);
            try
            {
                Directory.Move(staging, destination);
            }
            catch (IOException) when (Directory.Exists(destination))
            {
                // Another caller merged the same layers first; its folder is as good.
            }
        }
        finally
        {
            if (Directory.Exists(staging))
                Directory.Delete(staging, recursive: true);
        }
    }

    private static void Add(string from, string to)
    {
        foreach (var entry in new DirectoryInfo(from).EnumerateFileSystemInfos())
        {
            var target = Path.Join(to, entry.Name);
            if (entry.LinkTarget is { } link)
            {
                Clear(target, keepFolder: false);
                File.CreateSymbolicLink(target, link);
            }
            else if (entry is DirectoryInfo)
            {
                Clear(target, keepFolder: true);
                if (!Directory.Exists(target))
                    MakeFolder(target);
                Add(entry.FullName, target);
            }
            else
            {
                Clear(target, keepFolder: false);
                Link(entry.FullName, target);
            }
        }
    }

    /// <summary>Takes away what an earlier layer has put there. A link is taken away itself, never what it points to.</summary>
    private static void Clear(string path, bool keepFolder)
    {
        var there = new FileInfo(path);
        if (there.LinkTarget is not null || there.Exists)
            File.Delete(path);
        else if (!keepFolder && Directory.Exists(path))
            Directory.Delete(path, recursive: true);
    }

    private static void Link(string from, string to)
    {
        fixed (byte* source = Text(from), target = Text(to))
        {
            // A file can have so many names only (EMLINK), and not every file system knows links.
            if (Tmds.Linux.LibC.link(source, target) < 0)
                File.Copy(from, to);
        }
    }

    private static void MakeFolder(string path)
    {
        Directory.CreateDirectory(path);
        // Whatever the umask says.
        if (OperatingSystem.IsLinux())
            File.SetUnixFileMode(path, FolderMode);
    }

    private static byte[] Text(string text) => Encoding.UTF8.GetBytes(text + "\0");
}
