using Hearth.Sandbox.Linux;
using Hearth.Sandbox.Plan;
using Tmds.Linux;

namespace Hearth.Spawner;

/// <summary>
/// The users of this node's sandboxes. Two nodes of one machine must not share any: the kernel counts pipes, watches and descriptors in flight by user, and a
/// process may signal those of its own. A node takes the first range that no other holds: byte n of /run/hearth/sandbox-users is locked by the holder of range n.
/// </summary>
internal sealed unsafe class SandboxUsers
{
    private const string Folder = "/run/hearth", Name = "sandbox-users";

    private readonly int _range;

    private SandboxUsers(int range) => _range = range;

    /// <exception cref="LinuxException">/run/hearth cannot be made, or belongs to somebody else; or all ranges are taken.</exception>
    public static SandboxUsers Claim()
    {
        fixed (byte* folder = "/run/hearth\0"u8)
        fixed (byte* name = "sandbox-users\0"u8)
        {
            var made = Kernel.Mkdir(folder, 0x1C0 /* 0700 */);
            if (made is < 0 and not -Errno.EEXIST)
                throw new LinuxException("mkdir", Folder, -made);
            var directory = new RootFolder(Folder, LinuxException.Check(Kernel.Openat(Kernel.AtFdcwd, folder, O.Path | O.Directory | O.NoFollow | O.Cloexec, 0), "open", Folder));

            // Never closed: closing any descriptor of the file would lift the lock.
            var file = LinuxException.Check(Kernel.Openat(directory.Fd, name, O.ReadWrite | O.Create | O.NoFollow | O.Cloexec, 0x180 /* 0600 */), "open", $"{Folder}/{Name}");
            Kernel.Close(directory.Fd);
            for (var range = 0; range < Identity.UserRanges; range++)
            {
                var bytes = new FileLock { Type = FileLock.WriteLock, Start = range, Length = 1 };
                var locked = Kernel.SetLock(file, &bytes);
                if (locked >= 0)
                    return new SandboxUsers(range);
                if (locked is not (-Errno.EAGAIN or -Errno.EACCES))
                    throw new LinuxException("fcntl F_SETLK", $"{Folder}/{Name}", -locked);
            }

            throw new LinuxException("fcntl F_SETLK", $"{Folder}/{Name} (all {Identity.UserRanges} ranges of users are taken: so many nodes run on this machine)", Errno.EUSERS);
        }
    }

    public uint RootOf(int slot) => Identity.RootOf(_range, slot);

    public uint HandlerOf(int slot) => Identity.HandlerOf(_range, slot);
}
