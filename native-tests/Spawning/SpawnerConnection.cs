using System.Net.Sockets;
using System.Runtime.InteropServices;
using Hearth.NativeTests.Harness;
using Hearth.Sandbox.Linux;
using Hearth.Sandbox.Plan;
using Hearth.Sandbox.Protocol;
using Tmds.Linux;
using Xunit;

namespace Hearth.NativeTests.Spawning;

/// <summary>The agent's end of the spawner's socket, in the hands of a test: right requests, and anything else.</summary>
internal sealed unsafe class SpawnerConnection : IDisposable
{
    private const int MsgNosignal = 0x4000, MsgDontwait = 0x40, MsgCmsgCloexec = 0x40000000;

    private readonly Socket _socket;
    private readonly List<(Answer Answer, int[] Descriptors)> _unread = [];
    private uint _lastTag;

    private SpawnerConnection(Socket socket) => _socket = socket;

    private int Fd => (int)_socket.Handle;

    /// <summary>Null when the spawner does not take it on (now).</summary>
    public static SpawnerConnection? TryConnect(string data)
    {
        var connection = TryOpen(data);
        if (connection is null)
            return null;
        try
        {
            if (connection.TryAsk(connection.Header(RequestKind.Hello, 0), out var hello) && hello.Error == 0)
                return connection;
        }
        catch (TimeoutException)
        {
        }

        connection.Dispose();
        return null;
    }

    /// <summary>Connected, and nothing said.</summary>
    public static SpawnerConnection? TryOpen(string data)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Seqpacket, ProtocolType.Unspecified);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint($"{data}/run/spawner.sock"));
            return new SpawnerConnection(socket);
        }
        catch (SocketException)
        {
            socket.Dispose();
            return null;
        }
    }

    public RequestHeader Header(RequestKind kind, ulong sandbox) => new() { Version = SpawnerProtocol.Version, Kind = kind, Tag = ++_lastTag, SandboxId = sandbox };

    public CreateRequest CreateOf(ulong sandbox, int memoryMb = 128, int tmpMb = 512) => new() { Header = Header(RequestKind.Create, sandbox), MemoryMb = memoryMb, TmpMb = tmpMb };

    public WarmRequest WarmOf(ulong sandbox, int runtime = 4, int memoryMb = 128) => new() { Header = Header(RequestKind.Warm, sandbox), Runtime = runtime, MemoryMb = memoryMb };

    /// <param name="layers">Hashes of folders of the code store for /opt; the spawner takes one at most.</param>
    public ClaimRequest ClaimOf(ulong sandbox, byte[]? code = null, params ReadOnlySpan<byte[]> layers)
    {
        var claim = new ClaimRequest { Header = Header(RequestKind.Claim, sandbox), Runtime = 4 };
        (code ?? SpawnerProcess.Code).CopyTo(new Span<byte>(claim.Code, SpawnerProtocol.HashLength));
        claim.LayerCount = layers.Length;
        for (var i = 0; i < layers.Length; i++)
            layers[i].CopyTo(new Span<byte>(claim.Layers + (i * SpawnerProtocol.HashLength), SpawnerProtocol.HashLength));
        return claim;
    }

    /// <returns>0, or a negative errno. Never waits.</returns>
    public int Send<T>(T request)
        where T : unmanaged => Send(MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in request)), []);

    /// <inheritdoc cref="Send{T}"/>
    public int Send(ReadOnlySpan<byte> packet, ReadOnlySpan<int> descriptors)
    {
        fixed (byte* bytes = packet)
        {
            byte nothing = 0;
            var part = new iovec { iov_base = bytes == null ? &nothing : bytes, iov_len = packet.Length };
            var ancillary = stackalloc byte[16 + 64];
            var message = new msghdr { msg_iov = &part, msg_iovlen = 1 };
            if (descriptors.Length > 0)
            {
                *(long*)ancillary = 16 + (descriptors.Length * 4);
                *(int*)(ancillary + 8) = 1;
                *(int*)(ancillary + 12) = 1;
                descriptors.CopyTo(new Span<int>(ancillary + 16, descriptors.Length));
                message.msg_control = ancillary;
                message.msg_controllen = (16 + (descriptors.Length * 4) + 7) & ~7;
            }

            return Math.Min(0, Kernel.Sendmsg(Fd, &message, MsgNosignal | MsgDontwait));
        }
    }

    /// <summary>The answer to this request; null when the spawner ended the connection. Other answers are kept for later.</summary>
    public (Answer Answer, int[] Descriptors)? Ask<T>(T request)
        where T : unmanaged
    {
        var tag = MemoryMarshal.Cast<byte, RequestHeader>(MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in request))[..sizeof(RequestHeader)])[0].Tag;
        var sent = Send(request);
        if (sent < 0)
            return null;
        return Await(answer => answer.Kind == AnswerKind.Reply && answer.Tag == tag);
    }

    /// <summary>The first answer that is meant, from those kept or those to come.</summary>
    public (Answer Answer, int[] Descriptors)? Await(Predicate<Answer> isMeant)
    {
        for (var i = 0; i < _unread.Count; i++)
        {
            if (!isMeant(_unread[i].Answer))
                continue;
            var found = _unread[i];
            _unread.RemoveAt(i);
            return found;
        }

        while (true)
        {
            var polled = new pollfd { fd = Fd, events = 1 };
            if (Kernel.Poll(&polled, 1, (int)Patience.Seconds(60).TotalMilliseconds) == 0)
                throw new TimeoutException("the spawner does not answer");
            if (Receive(out var answer, out var descriptors) != sizeof(Answer))
                return null;
            if (isMeant(answer))
                return (answer, descriptors);
            _unread.Add((answer, descriptors));
        }
    }

    public bool TryAsk(RequestHeader request, out Answer answer)
    {
        var reply = Ask(request);
        answer = reply?.Answer ?? default;
        return reply is not null;
    }

    /// <summary>What the spawner says about itself: sandboxes, and managed bytes allocated since it was ready.</summary>
    public (uint Sandboxes, int Allocated) Status()
    {
        Assert.True(TryAsk(Header(RequestKind.Status, 0), out var answer), "the spawner ended the connection");
        return (answer.Generation, answer.Value);
    }

    /// <summary>Takes what there is and closes descriptors that came along. False at the end of the connection.</summary>
    public bool Drain()
    {
        while (true)
        {
            var length = Receive(out _, out var descriptors);
            Close(descriptors);
            if (length == -Errno.EAGAIN)
                return true;
            if (length <= 0)
                return false;
        }
    }

    public static void Close(IEnumerable<int> descriptors)
    {
        foreach (var descriptor in descriptors)
            Kernel.Close(descriptor);
    }

    public void Dispose()
    {
        foreach (var (_, descriptors) in _unread)
            Close(descriptors);
        _unread.Clear();
        _socket.Dispose();
    }

    private int Receive(out Answer answer, out int[] descriptors)
    {
        Answer received;
        var part = new iovec { iov_base = &received, iov_len = sizeof(Answer) };
        var ancillary = stackalloc byte[16 + 64];
        var message = new msghdr { msg_iov = &part, msg_iovlen = 1, msg_control = ancillary, msg_controllen = 16 + 64 };
        var length = Kernel.Recvmsg(Fd, &message, MsgDontwait | MsgCmsgCloexec);
        answer = length > 0 ? received : default;
        descriptors = length > 0 && (ulong)message.msg_controllen >= 16
            ? new ReadOnlySpan<int>(ancillary + 16, ((int)*(long*)ancillary - 16) / 4).ToArray()
            : [];
        return length;
    }
}
