using System.Text;
using Hearth.Sandbox.Linux;
using Hearth.Sandbox.Plan;
using Hearth.Sandbox.Protocol;
using Tmds.Linux;

namespace Hearth.Bench.Load.Sandboxes;

/// <summary>The spawner's socket as an agent uses it, but blocking and on the measuring thread: no hop to another thread is in the figures.</summary>
internal sealed unsafe class SpawnerConnection : IDisposable
{
    private const int MaxDescriptors = 16;
    private readonly int _fd;
    private uint _lastTag;

    /// <exception cref="LinuxException">Nobody listens there.</exception>
    public SpawnerConnection(string path)
    {
        _fd = LinuxException.Check(Kernel.Socket(1 /* AF_UNIX */, 5 /* SOCK_SEQPACKET */ | O.Cloexec), "socket", path);
        var address = stackalloc byte[110];
        var text = new Span<byte>(address, 110);
        text.Clear();
        *(ushort*)address = 1;
        Encoding.UTF8.GetBytes(path, text[2..109]);
        if (LibC.connect(_fd, (sockaddr*)address, 110) < 0)
        {
            var error = LibC.errno;
            Kernel.Close(_fd);
            throw new LinuxException("connect", path, error);
        }

        var hello = Header(RequestKind.Hello, 0);
        Send(ref hello);
        Span<int> none = stackalloc int[MaxDescriptors];
        AwaitReply(hello.Tag, none);
    }

    public RequestHeader Header(RequestKind kind, ulong sandbox) => new() { Version = SpawnerProtocol.Version, Kind = kind, Tag = ++_lastTag, SandboxId = sandbox };

    public void Send<T>(ref T request)
        where T : unmanaged
    {
        fixed (T* bytes = &request)
        {
            var part = new iovec { iov_base = bytes, iov_len = sizeof(T) };
            var message = new msghdr { msg_iov = &part, msg_iovlen = 1 };
            if (Kernel.Sendmsg(_fd, &message, 0x4000 /* MSG_NOSIGNAL */) < 0)
                throw new BenchException("the spawner ended the connection; its message, if any, is above");
        }
    }

    /// <summary>The next packet; its descriptors belong to the caller.</summary>
    public Answer Receive(Span<int> descriptors, out int count)
    {
        Answer answer;
        var part = new iovec { iov_base = &answer, iov_len = sizeof(Answer) };
        var ancillary = stackalloc byte[16 + (MaxDescriptors * 4)];
        var message = new msghdr { msg_iov = &part, msg_iovlen = 1, msg_control = ancillary, msg_controllen = 16 + (MaxDescriptors * 4) };
        if (Kernel.Recvmsg(_fd, &message, 0x40000000 /* MSG_CMSG_CLOEXEC */) != sizeof(Answer) || answer.Version != SpawnerProtocol.Version)
            throw new BenchException("the spawner ended the connection or is of another version");
        count = 0;
        if ((ulong)message.msg_controllen >= 16 && *(int*)(ancillary + 12) == 1)
        {
            count = Math.Min(((int)*(long*)ancillary - 16) / 4, MaxDescriptors);
            new ReadOnlySpan<int>(ancillary + 16, count).CopyTo(descriptors);
        }

        return answer;
    }

    /// <summary>Events in between are of no interest here.</summary>
    /// <returns>How many descriptors came along.</returns>
    public int AwaitReply(uint tag, Span<int> descriptors)
    {
        while (true)
        {
            var answer = Receive(descriptors, out var count);
            if (answer.Kind == AnswerKind.Reply && answer.Tag == tag)
            {
                Check(answer);
                return count;
            }

            Close(descriptors[..count]);
        }
    }

    public static void Check(in Answer answer)
    {
        if (answer.Error != 0)
            throw new BenchException($"the spawner refused: {SetupSteps.Describe(answer.Step)}: {Errno.Describe(answer.Error)}");
    }

    public static void Close(ReadOnlySpan<int> descriptors)
    {
        foreach (var fd in descriptors)
            Kernel.Close(fd);
    }

    public void Dispose() => Kernel.Close(_fd);
}
