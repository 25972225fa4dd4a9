using System.Buffers.Text;
using Tmds.Linux;
using static Tmds.Linux.LibC;

namespace Hearth.Sandbox.Cgroups;

/// <summary>A slice held open, and the groups <c>sb-&lt;id&gt;</c> in it. Names are formed on the stack; errors are -errno.</summary>
internal sealed unsafe class CgroupDirectory : IDisposable
{
    // "sb-9223372036854775807/memory.kmem.tcp.limit_in_bytes" and its NUL are 54.
    private const int LongestName = 64;

    private int _fd;

    private CgroupDirectory(string path, int fd) => (Path, _fd) = (path, fd);

    public string Path { get; }

    /// <summary>Makes the directory if it is not there, and opens it.</summary>
    public static CgroupDirectory MakeAndOpen(string path)
    {
        CgroupPath.Make(path);
        var fd = CgroupPath.Open(path, O_PATH | O_DIRECTORY);
        return new(path, fd);
    }

    public int Make(ulong id)
    {
        Span<byte> name = stackalloc byte[LongestName];
        Format(name, id, default);
        fixed (byte* p = name)
        {
            if (mkdirat(_fd, p, 0x1ed /* 0755 */) == 0)
                return 0;
            if (errno != EEXIST)
                return -errno;

            // Left by a process that could not be killed then: use it if it is empty by now.
            if (unlinkat(_fd, p, AT_REMOVEDIR) != 0)
                return -EEXIST;
            return mkdirat(_fd, p, 0x1ed) == 0 ? 0 : -errno;
        }
    }

    public int Remove(ulong id)
    {
        Span<byte> name = stackalloc byte[LongestName];
        Format(name, id, default);
        fixed (byte* p = name)
            return unlinkat(_fd, p, AT_REMOVEDIR) == 0 || errno == ENOENT ? 0 : -errno;
    }

    public int OpenGroup(ulong id)
    {
        Span<byte> name = stackalloc byte[LongestName];
        return CgroupFile.Open(_fd, Format(name, id, default), O_PATH | O_DIRECTORY);
    }

    public int OpenFile(ulong id, ReadOnlySpan<byte> file, int flags)
    {
        Span<byte> name = stackalloc byte[LongestName];
        return CgroupFile.Open(_fd, Format(name, id, file), flags);
    }

    public int Write(ulong id, ReadOnlySpan<byte> file, ReadOnlySpan<byte> value)
    {
        Span<byte> name = stackalloc byte[LongestName];
        return CgroupFile.Write(_fd, Format(name, id, file), value);
    }

    public int WriteNumber(ulong id, ReadOnlySpan<byte> file, long value)
    {
        Span<byte> text = stackalloc byte[20];
        Utf8Formatter.TryFormat(value, text, out var length);
        return Write(id, file, text[..length]);
    }

    public void Dispose()
    {
        if (_fd >= 0)
            close(_fd);
        _fd = -1;
    }

    private static Span<byte> Format(Span<byte> buffer, ulong id, ReadOnlySpan<byte> file)
    {
        "sb-"u8.CopyTo(buffer);
        Utf8Formatter.TryFormat(id, buffer[3..], out var digits);
        var length = 3 + digits;
        if (!file.IsEmpty)
        {
            buffer[length++] = (byte)'/';
            file.CopyTo(buffer[length..]);
            length += file.Length;
        }

        buffer[length] = 0;
        return buffer[..(length + 1)];
    }
}
