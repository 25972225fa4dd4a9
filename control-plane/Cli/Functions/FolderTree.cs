using Hearth.Cli.Errors;

namespace Hearth.Cli.Functions;

/// <param name="Name">Path inside the zip, with slashes.</param>
/// <param name="LinkTarget">Where a symbolic link points, or null for a file.</param>
internal sealed record FolderEntry(string Name, string FullPath, bool Executable, string? LinkTarget);

/// <summary>The files of a folder in a fixed order, without version control, links not followed.</summary>
internal static class FolderTree
{
    private static readonly string[] Skipped = [".git", ".hg", ".svn", ".DS_Store"];

    /// <exception cref="CliException">Empty, too large, or a link leads out of the folder.</exception>
    public static List<FolderEntry> Read(string folder)
    {
        var root = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        var entries = new List<FolderEntry>();
        var bytes = 0L;
        Walk(new DirectoryInfo(root), "");
        if (entries.Count == 0) throw CliException.Usage(folder, "the folder holds no file", "give the folder that holds the handler's file");
        entries.Sort((left, right) => string.CompareOrdinal(left.Name, right.Name));
        return entries;

        void Walk(DirectoryInfo directory, string prefix)
        {
            foreach (var item in directory.EnumerateFileSystemInfos())
            {
                if (Array.IndexOf(Skipped, item.Name) >= 0) continue;
                var name = prefix + item.Name;
                if (item.LinkTarget is { } target) entries.Add(Link(root, item, name, target));
                else if (item is DirectoryInfo child) Walk(child, name + "/");
                else if (item is FileInfo file) entries.Add(File(file, name));
                if (entries.Count > PackageLimits.Files) throw CliException.Usage(folder, $"holds more than {PackageLimits.Files} files", "is it the right folder?");
            }
        }

        FolderEntry File(FileInfo file, string name)
        {
            if ((file.UnixFileMode & UnixFileMode.UserRead) == 0 && !Environment.IsPrivilegedProcess)
                throw CliException.Usage(file.FullName, "cannot be read", "chmod u+r it");
            bytes += file.Length;
            if (bytes >= PackageLimits.UnzippedBytes)
                throw CliException.Usage(folder, $"Unzipped size must be smaller than {PackageLimits.UnzippedBytes} bytes", "leave out what the function does not need");
            return new FolderEntry(name, file.FullName, (file.UnixFileMode & UnixFileMode.UserExecute) != 0, LinkTarget: null);
        }
    }

    private static FolderEntry Link(string root, FileSystemInfo item, string name, string target)
    {
        var resolved = Path.GetFullPath(target, Path.GetDirectoryName(item.FullName)!);
        if (Path.IsPathRooted(target) || !(resolved + "/").StartsWith(root + "/", StringComparison.Ordinal))
            throw CliException.Usage(item.FullName, $"the link leads out of the folder, to {target}", "replace it by the file itself");
        return new FolderEntry(name, item.FullName, Executable: true, target);
    }
}
