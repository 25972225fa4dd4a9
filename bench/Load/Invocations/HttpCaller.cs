using System.Buffers.Text;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Hearth.Bench.Load.Measuring;

namespace Hearth.Bench.Load.Invocations;

/// <summary>
/// HTTP/1.1 on one blocking socket, with requests made beforehand: client and server share the machine, so the client has to be cheap, and the same for all servers.
/// </summary>
internal sealed class HttpCaller : ICaller
{
    /// <summary>Hearth ends a connection that rests for two minutes, uWSGI one that rests for less than one.</summary>
    private const long LongestRestNanos = 10_000_000_000;

    private readonly IPEndPoint _server;
    private Socket _socket;
    private long _lastCall;
    private readonly byte[] _buffer = new byte[64 * 1024];
    private readonly byte[] _request;
    private readonly byte[] _answer;
    private readonly int _requestDigits;
    private readonly int _answerDigits;
    private readonly byte[] _status;

    /// <param name="endpoint">Loopback, by address.</param>
    /// <param name="payload">Contains the eight digits, as does <paramref name="answer"/>.</param>
    /// <param name="answer">Null for an Event invocation: its answer is 202 and empty.</param>
    public HttpCaller(Uri endpoint, string path, byte[] payload, byte[]? answer)
    {
        var type = answer is null ? "X-Amz-Invocation-Type: Event\r\n" : "";
        var head = Encoding.ASCII.GetBytes($"POST {path} HTTP/1.1\r\nHost: {endpoint.Authority}\r\nContent-Type: application/json\r\n{type}Content-Length: {payload.Length}\r\n\r\n");
        _request = [.. head, .. payload];
        _requestDigits = head.Length + Numbered.Find(payload);
        _answer = [.. answer ?? []];
        _answerDigits = answer is null ? -1 : Numbered.Find(answer);
        _status = answer is null ? " 202 "u8.ToArray() : " 200 "u8.ToArray();
        _server = new IPEndPoint(IPAddress.Parse(endpoint.Host), endpoint.Port);
        _socket = Connect();
        _lastCall = Clock.Now;
    }

    public void Call(int number)
    {
        if (Clock.Now - _lastCall > LongestRestNanos)
        {
            _socket.Dispose();
            _socket = Connect();
        }

        _lastCall = Clock.Now;
        Numbered.Write(_request.AsSpan(_requestDigits, 8), number);
        if (_answerDigits >= 0)
            Numbered.Write(_answer.AsSpan(_answerDigits, 8), number);
        for (var sent = 0; sent < _request.Length;)
            sent += _socket.Send(_request.AsSpan(sent));
        var (filled, body, length) = (0, -1, 0);
        while (body < 0 || filled < body + length)
        {
            var read = filled < _buffer.Length ? _socket.Receive(_buffer.AsSpan(filled)) : 0;
            if (read == 0)
                throw Fault("the connection ended inside an answer", filled);
            filled += read;
            if (body >= 0)
                continue;
            var end = _buffer.AsSpan(0, filled).IndexOf("\r\n\r\n"u8);
            if (end < 0)
                continue;
            body = end + 4;
            length = ContentLength(_buffer.AsSpan(0, end + 2)) ?? throw Fault("an answer without Content-Length", filled);
        }

        if (!_buffer.AsSpan(8, 5).SequenceEqual(_status) || !_buffer.AsSpan(body, length).SequenceEqual(_answer))
            throw Fault($"not the answer that was due,{Encoding.UTF8.GetString(_status)}{Encoding.UTF8.GetString(_answer)}", filled);
    }

    public void Dispose() => _socket.Dispose();

    private Socket Connect()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveTimeout = 60_000 };
        try
        {
            socket.Connect(_server);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    internal static int? ContentLength(ReadOnlySpan<byte> head)
    {
        while (head.IndexOf("\r\n"u8) is var end and >= 0)
        {
            var line = head[..end];
            if (line.Length > 15 && Ascii.EqualsIgnoreCase(line[..15], "content-length:"u8))
                return Utf8Parser.TryParse(line[15..].TrimStart((byte)' '), out int length, out _) ? length : null;
            head = head[(end + 2)..];
        }

        return null;
    }

    private BenchException Fault(string what, int filled) => new($"{what}: {Encoding.UTF8.GetString(_buffer.AsSpan(0, Math.Min(filled, 800)))}");
}
