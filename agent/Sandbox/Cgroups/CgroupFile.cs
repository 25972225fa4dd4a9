using System.Buffers.Text;
using Tmds.Linux;
using static Tmds.Linux.LibC;

namespace Hearth.Sandbox.Cgroups;

/// <summary>Open, write and read below a directory descriptor. Allocates nothing; errors are -errno.</summary>
internal static unsafe class CgroupFile
{
    /// <param name="path">Ends in NUL.</param>
    public static int Open(int directory, ReadOnlySpan<byte> path, int flags)
    {
        fixed (byte* p = path)
        {
            while (true)
            {
                var fd = openat(directory, p, flags | O_CLOEXEC, 0);
                if (fd >= 0)
                    return fd;
                if (errno != EINTR)
                    return -errno;
            }
        }
    }

    /// <param name="path">Ends in NUL.</param>
    public static int Write(int directory, ReadOnlySpan<byte> path, ReadOnlySpan<byte> value)
    {
        var fd = Open(directory, path, O_WRONLY);
        if (fd < 0)
            return fd;
        var result = Write(fd, value);
        close(fd);
        return result;
    }

    public static int Write(int fd, ReadOnlySpan<byte> value)
    {
        fixed (byte* p = value)
        {
            while (true)
            {
                // A control file takes a value whole or refuses it.
                if (write(fd, p, (size_t)value.Length) >= 0)
                    return 0;
                if (errno != EINTR)
                    return -errno;
            }
        }
    }

    public static int WriteNumber(int fd, long value)
    {
        Span<byte> text = stackalloc byte[20];
        Utf8Formatter.TryFormat(value, text, out var length);
        return Write(fd, text[..length]);
    }

    /// <summary>From the start of the file; one call sees all of a small file.</summary>
    /// <returns>The length, or -errno.</returns>
    public static int ReadStart(int fd, Span<byte> buffer)
    {
        fixed (byte* p = buffer)
        {
            while (true)
            {
                var length = pread(fd, p, (size_t)buffer.Length, 0);
                if (length >= 0)
                    return (int)length;
                if (errno != EINTR)
                    return -errno;
            }
        }
    }
}
