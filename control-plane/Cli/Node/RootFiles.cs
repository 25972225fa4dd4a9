using Hearth.Cli.Errors;
using Microsoft.Win32.SafeHandles;
using Mono.Unix.Native;

namespace Hearth.Cli.Node;

/// <summary>
/// What may be taken over when it is there already. The data directory may be older than the node: whoever made it, or could write to it once, could have put
/// programs there that root would run, or links to files that root would write to.
/// </summary>
internal static class RootFiles
{
    private const FilePermissions WritableByOthers = FilePermissions.S_IWGRP | FilePermissions.S_IWOTH;

    /// <summary>A plain file of root's that nobody else may write; no link.</summary>
    public static bool IsFile(string path) => Is(path, FilePermissions.S_IFREG);

    /// <summary>A folder of root's that nobody else may write; no link.</summary>
    public static bool IsFolder(string path) => Is(path, FilePermissions.S_IFDIR);

    /// <summary>Opens or makes a plain file of our own with mode 0600, never through a link.</summary>
    /// <param name="access">O_RDWR, or O_WRONLY with O_APPEND.</param>
    /// <exception cref="CliException">Something else is there.</exception>
    /// <exception cref="IOException">The disk is full or cannot be written.</exception>
    public static SafeFileHandle Open(string path, OpenFlags access)
    {
        const FilePermissions mode = FilePermissions.S_IRUSR | FilePermissions.S_IWUSR;
        // O_NONBLOCK: a pipe in its place must not hold us; plain files do not know it.
        var descriptor = Syscall.open(path, access | OpenFlags.O_CREAT | OpenFlags.O_NOFOLLOW | OpenFlags.O_NONBLOCK | OpenFlags.O_CLOEXEC, mode);
        if (descriptor < 0)
        {
            var error = Stdlib.GetLastError();
            throw error is Errno.ELOOP or Errno.ENXIO or Errno.EISDIR ? Planted(path) : new IOException($"open {path}: {Stdlib.strerror(error)}");
        }
        var file = new SafeFileHandle(descriptor, ownsHandle: true);
        if (Syscall.fstat(descriptor, out var found) == 0 && (found.st_mode & FilePermissions.S_IFMT) == FilePermissions.S_IFREG && found.st_uid == Syscall.geteuid()
            && Syscall.fchmod(descriptor, mode) == 0)
            return file;
        file.Dispose();
        throw Planted(path);
    }

    private static bool Is(string path, FilePermissions type) =>
        Syscall.lstat(path, out var found) == 0 && (found.st_mode & FilePermissions.S_IFMT) == type && found.st_uid == Accounts.Root && (found.st_mode & WritableByOthers) == 0;

    private static CliException Planted(string path) =>
        CliException.Failed(path, "is a link, no plain file, or another user's: the node would write to what somebody else chose", $"remove it: rm {path}");
}
