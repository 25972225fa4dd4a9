using Hearth.Cli.Errors;
using Mono.Unix.Native;

namespace Hearth.Cli.Node;

/// <summary>
/// The programs and runtime clients beside this program. They are copied into the data directory because a clone may lie where the agent's user
/// cannot read, and because what runs must not change under a build.
/// </summary>
internal sealed class InstalledFiles
{
    private readonly string _folder;

    private InstalledFiles(string folder) => _folder = folder;

    /// <exception cref="CliException">A program of the node is missing.</exception>
    public static InstalledFiles Find()
    {
        var folder = Environment.GetEnvironmentVariable("HEARTH_BIN") is { Length: > 0 } chosen ? chosen : AppContext.BaseDirectory;
        foreach (var program in Services.Programs)
            if (!File.Exists(Path.Combine(folder, program)))
                throw CliException.Failed(program, $"is not in {folder}", "build it: run ./hearth at the root of the clone");
        return new InstalledFiles(folder);
    }

    public void CopyTo(string data)
    {
        foreach (var there in new DirectoryInfo(Path.Combine(data, "bin")).EnumerateFileSystemInfos())
            if (!RootFiles.IsFile(there.FullName) && !RootFiles.IsFolder(there.FullName)) Remove(there);
        foreach (var file in new DirectoryInfo(_folder).EnumerateFiles())
            if (file.Name.StartsWith("hearth", StringComparison.Ordinal) || file.Extension == ".so")
                CopyFile(file, Path.Combine(data, "bin", file.Name), 755);
        var runtimes = new DirectoryInfo(Path.Combine(_folder, "runtimes"));
        if (runtimes.Exists) CopyTree(runtimes, Path.Combine(data, "runtimes"));
    }

    private static void CopyTree(DirectoryInfo source, string target)
    {
        if (!RootFiles.IsFolder(target))
        {
            Remove(target);
            Directory.CreateDirectory(target, (UnixFileMode)Convert.ToInt32("755", 8));
        }
        foreach (var stale in new DirectoryInfo(target).EnumerateFileSystemInfos())
            if (!Path.Exists(Path.Combine(source.FullName, stale.Name))) Remove(stale);
        foreach (var file in source.EnumerateFiles())
            CopyFile(file, Path.Combine(target, file.Name), (file.UnixFileMode & UnixFileMode.UserExecute) != 0 ? 755 : 644);
        foreach (var child in source.EnumerateDirectories()) CopyTree(child, Path.Combine(target, child.Name));
    }

    private static void Remove(string path)
    {
        var there = new DirectoryInfo(path);
        if (there.Exists && there.LinkTarget is null) Remove(there);
        else File.Delete(path);
    }

    private static void Remove(FileSystemInfo stale)
    {
        if (stale is DirectoryInfo { LinkTarget: null } folder) folder.Delete(recursive: true);
        else stale.Delete();
    }

    /// <summary>
    /// Beside it, then renamed over it: a program that runs cannot be written to, and a half copy must not be found. What is there is kept only if root alone can
    /// have put it there: size and time are easily made the same.
    /// </summary>
    private static void CopyFile(FileInfo source, string target, int mode)
    {
        var existing = new FileInfo(target);
        if (RootFiles.IsFile(target) && existing.Length == source.Length && existing.LastWriteTimeUtc == source.LastWriteTimeUtc) return;
        var fresh = target + ".new";
        Remove(fresh);
        source.CopyTo(fresh);
        File.SetUnixFileMode(fresh, (UnixFileMode)Convert.ToInt32(mode.ToString(), 8));
        if (Syscall.chown(fresh, Accounts.Root, Accounts.Root) != 0) throw CliException.Failed(fresh, $"chown: {Stdlib.GetLastError()}", "is the disk writable?");
        File.SetLastWriteTimeUtc(fresh, source.LastWriteTimeUtc);
        if (Directory.Exists(target)) Remove(target);
        File.Move(fresh, target, overwrite: true);
    }
}
