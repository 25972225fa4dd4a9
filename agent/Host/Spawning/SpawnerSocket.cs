using System.Text;
using Hearth.Sandbox.Linux;
using Hearth.Sandbox.Protocol;
using Tmds.Linux;

namespace Hearth.Agent.Spawning;

/// <summary>The agent's end of the spawner's SOCK_SEQPACKET socket: fixed-layout requests out; answers with descriptors in. Received descriptors belong to the caller.</summary>
internal sealed unsafe class SpawnerSocket : IDisposable
{
    private const int MaxDescriptors = 16;
    private readonly Lock _sending = new();
    private int _fd;

    private SpawnerSocket(int fd) => _fd = fd;

    /// <param name="limit">How long to wait for room in the spawner's queues: of connections, and of requests.</param>
    /// <param name="tick">How long <see cref="Receive"/> waits before it tells of silence.</param>
    /// <exception cref="LinuxException">Nobody listens there, nobody takes the connection, or it is not ours to open.</exception>
    public static SpawnerSocket Connect(string path, TimeSpan limit, TimeSpan tick)
    {
        var fd = LinuxException.Check(Kernel.Socket(1 /* AF_UNIX */, 5 /* SOCK_SEQPACKET */ | O.Cloexec), "socket", path);
        SetTimeout(fd, 21 /* SO_SNDTIMEO */, limit);
        SetTimeout(fd, 20 /* SO_RCVTIMEO */, tick);
        var address = stackalloc byte[110];
        var text = new Span<byte>(address, 110);
        text.Clear();
        *(ushort*)address = 1;
        if (Encoding.UTF8.GetByteCount(path) > 107)
            throw new LinuxException("connect", path, Errno.ENAMETOOLONG);
        Encoding.UTF8.GetBytes(path, text[2..]);
        if (LibC.connect(fd, (sockaddr*)address, 110) < 0)
        {
            var error = LibC.errno;
            Kernel.Close(fd);
            throw new LinuxException("connect", path, error);
        }

        return new SpawnerSocket(fd);
    }

    /// <summary>
    /// Waits while the spawner's queue is full. False when the connection is gone: a queue that stays full for the limit ends it, so that those who wait for their
    /// turn behind this one do not each wait as long.
    /// </summary>
    public bool Send<T>(ref T request)
        where T : unmanaged
    {
        lock (_sending)
        {
            if (_fd < 0)
                return false;
            fixed (T* bytes = &request)
            {
                var part = new iovec { iov_base = bytes, iov_len = sizeof(T) };
                var message = new msghdr { msg_iov = &part, msg_iovlen = 1 };
                if (Kernel.Sendmsg(_fd, &message, 0x4000 /* MSG_NOSIGNAL */) >= 0)
                    return true;
                LibC.shutdown(_fd, 2);
                return false;
            }
        }
    }

    /// <summary>Waits for one answer.</summary>
    public Received Receive(out Answer answer, Span<int> descriptors, out int descriptorCount)
    {
        descriptorCount = 0;
        fixed (Answer* bytes = &answer)
        {
            answer = default;
            var part = new iovec { iov_base = bytes, iov_len = sizeof(Answer) };
            var ancillary = stackalloc byte[16 + (MaxDescriptors * 4)];
            var message = new msghdr { msg_iov = &part, msg_iovlen = 1, msg_control = ancillary, msg_controllen = 16 + (MaxDescriptors * 4) };
            var received = Kernel.Recvmsg(_fd, &message, 0x40000000 /* MSG_CMSG_CLOEXEC */);
            if (received == -Errno.EAGAIN)
                return Received.Silence;
            if (received != sizeof(Answer) || answer.Version != SpawnerProtocol.Version)
                return Received.End;
            if ((ulong)message.msg_controllen >= 16 && *(int*)(ancillary + 12) == 1)
            {
                descriptorCount = Math.Min(((int)*(long*)ancillary - 16) / 4, MaxDescriptors);
                new ReadOnlySpan<int>(ancillary + 16, descriptorCount).CopyTo(descriptors);
            }

            return Received.Answer;
        }
    }

    private static void SetTimeout(int fd, int option, TimeSpan time)
    {
        // struct timeval: seconds and microseconds, both long; zero would mean for ever.
        var value = stackalloc long[2] { (long)time.TotalSeconds, Math.Max(1, time.Ticks % TimeSpan.TicksPerSecond / TimeSpan.TicksPerMicrosecond) };
        LibC.setsockopt(fd, 1 /* SOL_SOCKET */, option, value, 16);
    }

    /// <summary>Ends the connection and wakes a waiting <see cref="Receive"/>.</summary>
    public void Shutdown()
    {
        lock (_sending)
        {
            if (_fd >= 0)
                LibC.shutdown(_fd, 2);
        }
    }

    public void Dispose()
    {
        lock (_sending)
        {
            Kernel.Close(_fd);
            _fd = -1;
        }
    }
}

internal enum Received
{
    Answer,

    /// <summary>Nothing came within a tick.</summary>
    Silence,

    /// <summary>The connection is gone, or what came is no answer of a spawner of this version.</summary>
    End,
}
