using System.ComponentModel;
using System.Runtime.InteropServices;
using Tmds.Linux;
using static Tmds.Linux.LibC;

namespace Hearth.Agent.Streaming;

/// <summary>What the event loop needs of the kernel. EINTR is handled here; other errors come back as the negative errno.</summary>
internal static unsafe class Sys
{
    public const int WouldBlock = -11; // EAGAIN

    /// <returns>Bytes read, 0 at the end of the stream, or the negative errno.</returns>
    public static int Read(int fd, Span<byte> buffer)
    {
        fixed (byte* p = buffer)
        {
            while (true)
            {
                var n = (long)read(fd, p, (size_t)(ulong)buffer.Length);
                if (n >= 0)
                    return (int)n;
                var error = errno;
                if (error != EINTR)
                    return -error;
            }
        }
    }

    /// <returns>Bytes written (perhaps fewer), or the negative errno.</returns>
    public static int Write(int fd, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* p = bytes)
        {
            while (true)
            {
                var n = (long)write(fd, p, (size_t)(ulong)bytes.Length);
                if (n >= 0)
                    return (int)n;
                var error = errno;
                if (error != EINTR)
                    return -error;
            }
        }
    }

    public static int Epoll()
    {
        var fd = epoll_create1(EPOLL_CLOEXEC);
        return fd >= 0 ? fd : throw Failure("epoll_create1");
    }

    public static int Event()
    {
        var fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        return fd >= 0 ? fd : throw Failure("eventfd");
    }

    public static void Control(int epoll, int operation, int fd, int events, ulong token)
    {
        var e = new epoll_event { events = events };
        e.data.u64 = token;
        if (epoll_ctl(epoll, operation, fd, &e) != 0)
            throw Failure("epoll_ctl");
    }

    /// <returns>Number of events, 0 on a time-out.</returns>
    public static int Wait(int epoll, Span<epoll_event> events, int timeoutMs)
    {
        fixed (epoll_event* p = events)
        {
            var n = epoll_wait(epoll, p, events.Length, timeoutMs);
            if (n >= 0)
                return n;
            return errno == EINTR ? 0 : throw Failure("epoll_wait");
        }
    }

    public static void Signal(int eventFd)
    {
        ulong one = 1;
        _ = write(eventFd, &one, (size_t)8UL);
    }

    public static void Drain(int eventFd)
    {
        ulong value;
        _ = read(eventFd, &value, (size_t)8UL);
    }

    public static void Close(int fd) => _ = close(fd);

    /// <summary>Reserves the blocks of a file, so that a write through its mapping cannot meet a full disk (SIGBUS).</summary>
    /// <returns>0, or the errno.</returns>
    public static int Allocate(SafeHandle file, long bytes)
    {
        var added = false;
        file.DangerousAddRef(ref added);
        try
        {
            return posix_fallocate((int)file.DangerousGetHandle(), 0, bytes);
        }
        finally
        {
            file.DangerousRelease();
        }
    }

    public static uint EffectiveUser => geteuid();

    public static void Umask(uint mask) => umask((mode_t)mask);

    private static Win32Exception Failure(string call)
    {
        var error = errno;
        return new Win32Exception(error, $"{call}: {Marshal.GetPInvokeErrorMessage(error)}");
    }
}
