using System.Text;
using Tmds.Linux;
using static Tmds.Linux.LibC;

namespace Hearth.Adapter;

/// <summary>Calls on descriptors with EINTR handled. Other errors come back as the negative errno.</summary>
internal static unsafe class Descriptors
{
    public const int Output = 1;
    public const int Requests = 3;
    public const int Responses = 4;
    public const int WouldBlock = -11; // EAGAIN

    public static int Read(int fd, Span<byte> buffer)
    {
        fixed (byte* p = buffer)
        {
            while (true)
            {
                var count = (long)read(fd, p, (size_t)(ulong)buffer.Length);
                if (count >= 0)
                    return (int)count;
                if (errno != EINTR)
                    return -errno;
            }
        }
    }

    /// <summary>Whether a read would not wait.</summary>
    public static bool HasInput(int fd)
    {
        var asked = new pollfd { fd = fd, events = POLLIN };
        return poll(&asked, 1, 0) > 0;
    }

    public static int Receive(int socket, Span<byte> buffer)
    {
        fixed (byte* p = buffer)
        {
            while (true)
            {
                var count = (long)recv(socket, p, (size_t)(ulong)buffer.Length, 0);
                if (count >= 0)
                    return (int)count;
                if (errno != EINTR)
                    return -errno;
            }
        }
    }

    public static int Send(int socket, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* p = bytes)
        {
            while (true)
            {
                var count = (long)send(socket, p, (size_t)(ulong)bytes.Length, MSG_NOSIGNAL);
                if (count >= 0)
                    return (int)count;
                if (errno != EINTR)
                    return -errno;
            }
        }
    }

    public static int Write(int fd, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* p = bytes)
        {
            while (true)
            {
                var count = (long)write(fd, p, (size_t)(ulong)bytes.Length);
                if (count >= 0)
                    return (int)count;
                if (errno != EINTR)
                    return -errno;
            }
        }
    }

    /// <summary>All of it, waiting for room. For the pipes to the agent, which reads all the time.</summary>
    /// <exception cref="IOException">The agent is gone.</exception>
    public static void WriteAll(int fd, ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            fixed (byte* p = bytes)
            {
                var count = (long)write(fd, p, (size_t)(ulong)bytes.Length);
                if (count >= 0)
                    bytes = bytes[(int)count..];
                else if (errno == EAGAIN)
                    WaitWritable(fd);
                else if (errno != EINTR)
                    throw new IOException($"descriptor {fd} cannot be written (errno {errno}); the agent is gone");
            }
        }
    }

    public static void WriteError(string text)
    {
        try
        {
            WriteAll(2, Encoding.UTF8.GetBytes(text));
        }
        catch (IOException)
        {
            // Nobody is left to tell.
        }
    }

    public static void Close(int fd) => _ = close(fd);

    /// <summary>Kept from the processes that are started.</summary>
    public static void CloseOnExec(int fd) => _ = fcntl(fd, F_SETFD, FD_CLOEXEC);

    private static void WaitWritable(int fd)
    {
        var wait = new pollfd { fd = fd, events = POLLOUT };
        _ = poll(&wait, 1, -1);
    }
}
