using System.Text;
using static Tmds.Linux.LibC;

namespace Hearth.Adapter.Http;

/// <summary>
/// One client. Requests are served one after the other; bytes of the next one wait, and more than <see cref="HttpRequest.MaxHead"/> of them are not read.
/// Between requests it holds no memory but its own.
/// </summary>
internal sealed class HttpConnection : IReadiness
{
    private const int CopyUpTo = 16 * 1024;
    private const int LingerMs = 1000;
    private static readonly byte[] s_scratch = new byte[64 * 1024];
    private readonly Reactor _reactor;
    private readonly HttpServer _server;
    private readonly int _socket;
    private byte[] _held = [];
    private byte[] _unsent = [];
    private int _unsentFrom;
    private HttpRequest? _request;
    private BodyDecoder? _body;
    private IExchange? _exchange;
    private int _interest = EPOLLIN | EPOLLRDHUP;
    private bool _processing;
    private bool _ended;
    private bool _closeWhenSent;
    private bool _lingering;
    private bool _closed;

    public HttpConnection(Reactor reactor, HttpServer server, int socket)
    {
        _reactor = reactor;
        _server = server;
        _socket = socket;
        reactor.Add(socket, _interest, this);
    }

    public void OnReady(bool readable, bool writable, bool hungUp)
    {
        if (writable && _unsent.Length > 0)
            Flush();
        if (readable && !_closed)
            Receive();
        if (hungUp && !_closed && !_ended && (_interest & EPOLLIN) == 0)
            End();
    }

    /// <summary>Answers the request whose body is complete.</summary>
    public void Answer(HttpAnswer answer, ReadOnlySpan<byte> body)
    {
        if (_closed || _request is null)
            return;
        var keep = _request.KeepAlive && !_ended && (_body is null || _body.IsComplete);
        var head = answer.End(body.Length, keep);
        _request = null;
        _body = null;
        _exchange = null;
        _closeWhenSent = !keep;
        if (body.Length <= CopyUpTo)
        {
            // One segment is one wake of the reader.
            Span<byte> whole = new byte[head.Length + body.Length];
            head.CopyTo(whole);
            body.CopyTo(whole[head.Length..]);
            Send(whole);
        }
        else
        {
            Send(head);
            Send(body);
        }
        if (_closed)
            return;
        if (_closeWhenSent && _unsent.Length == 0)
            Linger();
        else if (_held.Length > 0 && !_processing)
            Process([]);
        else
            Watch();
    }

    public void Close()
    {
        if (_closed)
            return;
        _closed = true;
        _reactor.Remove(_socket);
        Descriptors.Close(_socket);
        _server.Forget(this);
        var (exchange, incomplete) = (_exchange, _body is { IsComplete: false });
        _exchange = null;
        if (incomplete)
            exchange?.OnTruncated();
        exchange?.OnGone();
    }

    private void Receive()
    {
        for (var turns = 0; turns < 16 && !_closed && (_interest & EPOLLIN) != 0; turns++)
        {
            var count = Descriptors.Receive(_socket, s_scratch);
            if (count == Descriptors.WouldBlock)
                return;
            if (count <= 0)
            {
                End();
                return;
            }
            if (!_lingering)
                Process(s_scratch.AsSpan(0, count));
            if (count < s_scratch.Length)
                return;
        }
    }

    /// <summary>The client sends nothing more. Some close their half and still read; one that waits for an event is taken for gone.</summary>
    private void End()
    {
        _ended = true;
        if (_body is { IsComplete: false } && _exchange is { } cut)
        {
            _body = null;
            cut.OnTruncated();
        }
        if (_closed)
            return;
        if (_unsent.Length == 0)
            Close();
        else
            Watch();
    }

    private void Process(ReadOnlySpan<byte> fresh)
    {
        var input = _held.Length == 0 ? fresh : [.. _held, .. fresh];
        _held = [];
        _processing = true;
        try
        {
            while (!_closed && !_closeWhenSent && Step(ref input))
            {
            }
        }
        catch (HttpException e)
        {
            Refuse(e);
        }
        finally
        {
            _processing = false;
        }
        if (_closed)
            return;
        if (!input.IsEmpty && !_closeWhenSent)
            _held = input.ToArray();
        Watch();
    }

    /// <returns>False when more must come, from the client or from whoever answers.</returns>
    private bool Step(ref ReadOnlySpan<byte> input)
    {
        if (_request is null)
        {
            // Clients may send an empty line between requests.
            while (input is [(byte)'\r' or (byte)'\n', ..])
                input = input[1..];
            var end = HttpRequest.FindEnd(input);
            if (end == 0)
                return input.Length <= HttpRequest.MaxHead ? false : throw new HttpException(431, $"the head of a request is over {HttpRequest.MaxHead} bytes");
            var request = HttpRequest.Parse(input[..end]);
            input = input[end..];
            Begin(request);
            return true;
        }
        if (_body is not { IsComplete: false } body)
            return false;
        var used = body.Decode(input, out var bytes);
        input = input[used..];
        if (!bytes.IsEmpty)
            _exchange!.OnBody(bytes);
        if (body.IsComplete)
            _exchange?.OnEnd(body.Trailers);
        return used > 0;
    }

    private void Begin(HttpRequest request)
    {
        _request = request;
        _body = new BodyDecoder(request.Length);
        _exchange = _server.Router.Begin(request, this);
        if (_closed)
            return;
        if (_body.IsComplete || (request.ExpectsContinue && _exchange.IsDecided))
            _exchange.OnEnd(_body.Trailers);
        else if (request.ExpectsContinue)
            Send("HTTP/1.1 100 Continue\r\n\r\n"u8);
    }

    private void Refuse(HttpException e)
    {
        _held = [];
        if (_body is { IsComplete: false } && _exchange is { } cut)
        {
            _exchange = null;
            _body = null;
            cut.OnTruncated();
        }
        _request = new HttpRequest("", "", new Headers(), 0, KeepAlive: false, ExpectsContinue: false);
        Answer(new HttpAnswer(e.Status, "text/plain; charset=utf-8"), Encoding.UTF8.GetBytes(e.Message + "\n"));
    }

    private void Send(ReadOnlySpan<byte> bytes)
    {
        if (_unsent.Length == 0)
        {
            while (!bytes.IsEmpty)
            {
                var count = Descriptors.Send(_socket, bytes);
                if (count == Descriptors.WouldBlock)
                    break;
                if (count < 0)
                {
                    Close();
                    return;
                }
                bytes = bytes[count..];
            }
        }
        if (bytes.IsEmpty || _closed)
            return;
        _unsent = [.. _unsent.AsSpan(_unsentFrom), .. bytes];
        _unsentFrom = 0;
    }

    private void Flush()
    {
        while (_unsentFrom < _unsent.Length)
        {
            var count = Descriptors.Send(_socket, _unsent.AsSpan(_unsentFrom));
            if (count == Descriptors.WouldBlock)
                return;
            if (count < 0)
            {
                Close();
                return;
            }
            _unsentFrom += count;
        }
        _unsent = [];
        _unsentFrom = 0;
        if (_closeWhenSent || _ended)
            Linger();
        else
            Watch();
    }

    /// <summary>The last answer is sent. What the client still sends is thrown away for a moment: closed with unread bytes, its end might never see the answer.</summary>
    private void Linger()
    {
        if (_ended)
        {
            Close();
            return;
        }
        _lingering = true;
        _ = shutdown(_socket, SHUT_WR);
        _reactor.After(LingerMs, Close);
        Watch();
    }

    private void Watch()
    {
        if (_closed)
            return;
        var wanted = EPOLLRDHUP;
        if (!_ended && (_lingering || !_closeWhenSent) && _held.Length <= HttpRequest.MaxHead)
            wanted |= EPOLLIN;
        if (_ended)
            wanted = 0;
        if (_unsent.Length > 0)
            wanted |= EPOLLOUT;
        if (wanted == _interest)
            return;
        _interest = wanted;
        _reactor.Change(_socket, wanted);
    }
}
