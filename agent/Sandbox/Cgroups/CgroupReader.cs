using System.Buffers.Text;
using static Tmds.Linux.LibC;

namespace Hearth.Sandbox.Cgroups;

/// <summary>Reads the descriptors of <see cref="CgroupHandles"/> where they were sent to: needs no privilege, allocates nothing, shares no position.</summary>
public static class CgroupReader
{
    // memory.events and cpu.stat are under 500 bytes; what is asked for stands near the start.
    private const int Longest = 1024;

    /// <summary>A file that holds one number; "max" is <see cref="long.MaxValue"/>.</summary>
    /// <returns>-errno when it cannot be read: -ENODEV once the group is removed.</returns>
    public static long ReadLong(int fd)
    {
        Span<byte> buffer = stackalloc byte[32];
        var length = CgroupFile.ReadStart(fd, buffer);
        if (length < 0)
            return length;
        if (buffer.StartsWith("max"u8))
            return long.MaxValue;
        return Utf8Parser.TryParse(buffer[..length], out long value, out _) ? value : -EINVAL;
    }

    /// <summary>Processes killed for the group's memory limit, from <see cref="CgroupHandles.OomFd"/>; -errno on failure.</summary>
    /// <remarks>v1's memory.oom_control and v2's memory.events call it the same.</remarks>
    public static long ReadOomKills(int fd) => ReadKey(fd, "\noom_kill "u8);

    /// <summary>User and system time of everything that ever ran in the group, microseconds; -errno on failure.</summary>
    public static long ReadCpuUsec(int fd) => ReadKey(fd, "\nusage_usec "u8);

    /// <summary>Whether a live process is in the group, from <see cref="CgroupHandles.EventsFd"/>. False once it is removed.</summary>
    public static bool IsPopulated(int eventsFd) => ReadKey(eventsFd, "\npopulated "u8) > 0;

    /// <summary>Whether every process in the group has stopped after a write to <see cref="CgroupHandles.FreezeFd"/>.</summary>
    public static bool IsFrozen(int eventsFd) => ReadKey(eventsFd, "\nfrozen "u8) > 0;

    // A newline is put before the first line, so that a key is only found where a line begins.
    private static long ReadKey(int fd, ReadOnlySpan<byte> key)
    {
        Span<byte> buffer = stackalloc byte[Longest];
        buffer[0] = (byte)'\n';
        var length = CgroupFile.ReadStart(fd, buffer[1..]);
        if (length < 0)
            return length;
        var text = buffer[..(length + 1)];
        var at = text.IndexOf(key);
        return at >= 0 && Utf8Parser.TryParse(text[(at + key.Length)..], out long value, out _) ? value : -EINVAL;
    }
}
