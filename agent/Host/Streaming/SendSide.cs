using Hearth.Wire;
using Microsoft.Win32.SafeHandles;
using static Tmds.Linux.LibC;

namespace Hearth.Agent.Streaming;

/// <summary>The pipe towards a runtime. One message is under way at most; the epoll set knows the descriptor only while something waits
/// (a pipe whose reader is gone reports an error for ever). All but <see cref="IsPending"/> under the link's gate.</summary>
internal sealed class SendSide : IReadiness
{
    private const int CopyUpTo = 32 * 1024;
    private readonly EventLoop _loop;
    private readonly IFrameSink _sink;
    private readonly SafeFileHandle _requests;
    private readonly int _fd;
    private readonly Lock _gate;
    private readonly FrameBuffer _head = new();
    private ReadOnlyMemory<byte> _payload;
    private int _headSent;
    private int _payloadSent;
    private ulong _token;
    private bool _pending;
    private bool _closed;

    public SendSide(EventLoop loop, SafeFileHandle requests, IFrameSink sink, Lock gate)
    {
        _loop = loop;
        _sink = sink;
        _requests = requests;
        _gate = gate;
        _fd = Descriptor.Hold(requests);
    }

    public bool IsPending => Volatile.Read(ref _pending);

    /// <summary>Nobody has read the whole of the last message, nor will.</summary>
    public bool IsCut { get; private set; }

    /// <summary>The cleared buffer for the next message's head; <see cref="Flush(ReadOnlyMemory{byte})"/> sends it.</summary>
    public FrameBuffer Begin()
    {
        if (_pending)
            throw new InvalidOperationException("A message to the runtime is still on its way.");
        _head.Clear();
        IsCut = false;
        return _head;
    }

    public void Flush(ReadOnlyMemory<byte> payload)
    {
        // One write is one wake of the reader: a small payload is worth a copy for it, a large one is not.
        if (payload.Length <= CopyUpTo)
        {
            payload.Span.CopyTo(_head.GetSpan(payload.Length));
            _head.Advance(payload.Length);
            payload = default;
        }
        _payload = payload;
        _headSent = _payloadSent = 0;
        Flush();
    }

    public void OnReady(bool readable, bool writable)
    {
        lock (_gate)
            if (!_closed && _pending)
                Flush();
    }

    public void OnFault(Exception fault) => _sink.OnViolation(fault);

    public void Close()
    {
        _closed = true;
        Finish();
        _requests.DangerousRelease();
    }

    private void Flush()
    {
        while (true)
        {
            var head = _head.WrittenSpan[_headSent..];
            var payload = _payload.Span[_payloadSent..];
            if (head.IsEmpty && payload.IsEmpty)
            {
                Finish();
                return;
            }
            var count = Sys.Write(_fd, head.IsEmpty ? payload : head);
            if (count == Sys.WouldBlock)
            {
                Volatile.Write(ref _pending, true);
                if (_token == 0)
                    _token = _loop.Add(_fd, EPOLLOUT, this);
                return;
            }
            if (count < 0)
            {
                // The reader is gone; the end of the process says why.
                IsCut = true;
                Finish();
                return;
            }
            if (head.IsEmpty)
                _payloadSent += count;
            else
                _headSent += count;
        }
    }

    private void Finish()
    {
        Volatile.Write(ref _pending, false);
        _payload = default;
        if (_token == 0)
            return;
        _loop.Remove(_token, _fd);
        _token = 0;
    }
}
