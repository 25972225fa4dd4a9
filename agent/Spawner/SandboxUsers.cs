using System.Diagnostics;
using System.Text;
using Hearth.Sandbox.Linux;
using Hearth.Sandbox.Plan;
using Tmds.Linux;

namespace Hearth.Spawner;

/// <summary>
/// The users of this node's sandboxes. Two nodes of one machine must not share any: the kernel counts pipes, watches and descriptors in flight by user, and a
/// process may signal those of its own. A node takes the first range that no other holds: byte n of /run/hearth/sandbox-users is locked by the holder of range n,
/// and a record of 64 bytes says which node that is (from 4096 on). A record whose byte is free is of a node that was killed: its groups are swept by whoever starts next.
/// </summary>
internal sealed unsafe class SandboxUsers
{
    private const string Folder = "/run/hearth", Name = "sandbox-users";
    private const int Records = 4096, RecordLength = 64;

    // Held while ranges are looked through, so that what is seen of one is true of all.
    private const long Turn = 1 << 20;

    // A sweep waits 20 s at most for sandboxes to die.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);
    private readonly int _file;
    private readonly int _range;

    private SandboxUsers(int file, int range) => (_file, _range) = (file, range);

    /// <param name="node">This node's id, at most 64 ASCII characters.</param>
    /// <param name="sweep">Given the id of a node that was killed; removes its groups. Nobody starts that node meanwhile.</param>
    /// <exception cref="LinuxException">/run/hearth cannot be made, or belongs to somebody else; or all ranges are taken.</exception>
    public static SandboxUsers Claim(string node, Action<string> sweep)
    {
        // Never closed: closing any descriptor of the file would lift the locks.
        var file = Open();
        var since = Stopwatch.GetTimestamp();
        while (true)
        {
            if (TryLock(file, Turn) && TryClaim(file, node, out var range, out var gone))
            {
                Unlock(file, Turn);
                foreach (var (other, id) in gone)
                {
                    sweep(id);
                    Record(file, other, "");
                    Unlock(file, other);
                }

                return new SandboxUsers(file, range);
            }

            Unlock(file, Turn);
            if (Stopwatch.GetElapsedTime(since) > s_patience)
                throw new LinuxException("fcntl F_SETLK", $"{Folder}/{Name} (another spawner holds it, or runs as node {node})", Errno.EDEADLK);
            Thread.Sleep(5);
        }
    }

    public uint RootOf(int slot) => Identity.RootOf(_range, slot);

    public uint HandlerOf(int slot) => Identity.HandlerOf(_range, slot);

    /// <summary>At an orderly end: nothing is left to sweep.</summary>
    public void Release() => Record(_file, _range, "");

    /// <summary>The range that becomes this node's, and the ranges of nodes that were killed; all of them locked.</summary>
    /// <returns>False when this node's own groups are being swept, or it runs already: try again.</returns>
    private static bool TryClaim(int file, string node, out int range, out List<(int Range, string Node)> gone)
    {
        range = -1;
        gone = [];
        List<string> alive = [];
        for (var i = 0; i < Identity.UserRanges; i++)
        {
            var holder = Recorded(file, i);
            if (!TryLock(file, i))
            {
                alive.Add(holder);
                continue;
            }

            if (range < 0 && (holder == "" || holder == node))
                range = i;
            else if (holder == "")
                Unlock(file, i);
            else
                gone.Add((i, holder));
        }

        foreach (var (other, id) in gone.Where(g => g.Node == node || alive.Contains(g.Node)).ToArray())
        {
            Record(file, other, "");
            Unlock(file, other);
            gone.Remove((other, id));
        }

        if (range < 0 && gone.Count == 0)
            throw new LinuxException("fcntl F_SETLK", $"{Folder}/{Name} (all {Identity.UserRanges} ranges of users are taken: so many nodes run on this machine)", Errno.EUSERS);
        if (range >= 0 && !alive.Contains(node))
        {
            Record(file, range, node);
            return true;
        }

        if (range >= 0)
            Unlock(file, range);
        foreach (var (other, _) in gone)
            Unlock(file, other);
        return false;
    }

    private static int Open()
    {
        fixed (byte* folder = "/run/hearth\0"u8)
        fixed (byte* name = "sandbox-users\0"u8)
        {
            var made = Kernel.Mkdir(folder, 0x1C0 /* 0700 */);
            if (made is < 0 and not -Errno.EEXIST)
                throw new LinuxException("mkdir", Folder, -made);
            var directory = new RootFolder(Folder, LinuxException.Check(Kernel.Openat(Kernel.AtFdcwd, folder, O.Path | O.Directory | O.NoFollow | O.Cloexec, 0), "open", Folder));
            var file = LinuxException.Check(Kernel.Openat(directory.Fd, name, O.ReadWrite | O.Create | O.NoFollow | O.Cloexec, 0x180 /* 0600 */), "open", $"{Folder}/{Name}");
            Kernel.Close(directory.Fd);
            return file;
        }
    }

    private static string Recorded(int file, int range)
    {
        var bytes = stackalloc byte[RecordLength];
        Kernel.Lseek(file, Records + (RecordLength * range), 0 /* SEEK_SET */);
        var length = LinuxException.Check(Kernel.Read(file, bytes, RecordLength), "read", $"{Folder}/{Name}");
        var text = Encoding.ASCII.GetString(bytes, length).TrimEnd('\0');
        // Only root writes here; a name that is none is no reason to touch a group.
        return text.All(static c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-') ? text : "";
    }

    private static void Record(int file, int range, string node)
    {
        var bytes = stackalloc byte[RecordLength];
        new Span<byte>(bytes, RecordLength).Clear();
        Encoding.ASCII.GetBytes(node, new Span<byte>(bytes, RecordLength));
        Kernel.Lseek(file, Records + (RecordLength * range), 0 /* SEEK_SET */);
        LinuxException.Check(Kernel.Write(file, bytes, RecordLength), "write", $"{Folder}/{Name}");
    }

    private static bool TryLock(int file, long at)
    {
        var result = Lock(file, at, FileLock.WriteLock);
        return result is not (-Errno.EAGAIN or -Errno.EACCES) && LinuxException.Check(result, "fcntl F_SETLK", $"{Folder}/{Name}") >= 0;
    }

    private static void Unlock(int file, long at) => Lock(file, at, FileLock.Unlock);

    private static int Lock(int file, long at, short type)
    {
        var bytes = new FileLock { Type = type, Start = at, Length = 1 };
        return Kernel.SetLock(file, &bytes);
    }
}
