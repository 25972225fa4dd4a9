using System.Globalization;
using System.Text;
using Tmds.Linux;
using static Tmds.Linux.LibC;

namespace Hearth.Adapter.Telemetry;

/// <summary>One batch over one connection: a JSON array by POST, or lines of JSON over TCP. It ends with the answer, or when the subscriber takes too long.</summary>
internal sealed unsafe class Delivery : IReadiness
{
    private const int PatienceMs = 2000;
    private readonly Reactor _reactor;
    private readonly Action<bool> _done;
    private readonly bool _wantsAnswer;
    private readonly int _socket;
    private readonly Timed _deadline;
    private readonly byte[] _message;
    private int _sent;
    private byte[] _answer = [];
    private bool _ended;

    private Delivery(Reactor reactor, int socket, byte[] message, bool wantsAnswer, Action<bool> done)
    {
        (_reactor, _socket, _message, _wantsAnswer, _done) = (reactor, socket, message, wantsAnswer, done);
        _deadline = reactor.After(PatienceMs, () => End(false));
        reactor.Add(socket, EPOLLOUT, this);
    }

    /// <param name="done">True when the subscriber took it. Called later, or before this returns.</param>
    public static void Start(Reactor reactor, SubscriptionRequest request, List<byte[]> events, Action<bool> done)
    {
        var socket = LibC.socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        var address = new sockaddr_in { sin_family = AF_INET, sin_port = htons((ushort)request.Port) };
        ReadOnlySpan<byte> loopback = [127, 0, 0, 1];
        loopback.CopyTo(new Span<byte>(&address.sin_addr, 4));
        if (socket < 0 || (connect(socket, (sockaddr*)&address, sizeof(sockaddr_in)) != 0 && errno != EINPROGRESS))
        {
            if (socket >= 0)
                Descriptors.Close(socket);
            done(false);
            return;
        }
        _ = new Delivery(reactor, socket, Message(request, events), request.Path is not null, done);
    }

    public void OnReady(bool readable, bool writable, bool hungUp)
    {
        if (writable && _sent < _message.Length)
            Send();
        if (!_ended && readable)
            Receive();
    }

    private static byte[] Message(SubscriptionRequest request, List<byte[]> events)
    {
        using var body = new MemoryStream();
        var separator = request.Path is null ? (byte)'\n' : (byte)',';
        if (request.Path is null)
        {
            foreach (var item in events)
            {
                body.Write(item);
                body.WriteByte(separator);
            }
            return body.ToArray();
        }
        body.WriteByte((byte)'[');
        for (var i = 0; i < events.Count; i++)
        {
            if (i > 0)
                body.WriteByte(separator);
            body.Write(events[i]);
        }
        body.WriteByte((byte)']');
        var head = string.Create(
            CultureInfo.InvariantCulture,
            $"POST {request.Path} HTTP/1.1\r\nHost: sandbox.localdomain:{request.Port}\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n");
        return [.. Encoding.ASCII.GetBytes(head), .. body.ToArray()];
    }

    private void Send()
    {
        while (_sent < _message.Length)
        {
            var count = Descriptors.Send(_socket, _message.AsSpan(_sent));
            if (count == Descriptors.WouldBlock)
                return;
            if (count < 0)
            {
                End(false);
                return;
            }
            _sent += count;
        }
        if (_wantsAnswer)
            _reactor.Change(_socket, EPOLLIN);
        else
            End(true);
    }

    private void Receive()
    {
        Span<byte> buffer = stackalloc byte[512];
        var count = Descriptors.Receive(_socket, buffer);
        if (count == Descriptors.WouldBlock)
            return;
        if (count > 0 && _answer.Length < 64)
            _answer = [.. _answer, .. buffer[..count]];
        // "HTTP/1.1 200": the class of the status is all that matters.
        if (_answer.Length >= 12 && _answer.AsSpan().StartsWith("HTTP/1."u8))
            End(_answer[9] == '2');
        else if (count <= 0)
            End(false);
    }

    private void End(bool delivered)
    {
        if (_ended)
            return;
        _ended = true;
        _deadline.Cancel();
        _reactor.Remove(_socket);
        Descriptors.Close(_socket);
        _done(delivered);
    }
}
