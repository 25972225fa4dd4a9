using Hearth.Wire;
using Microsoft.Win32.SafeHandles;
using static Tmds.Linux.LibC;

namespace Hearth.Agent.Streaming;

/// <summary>
/// The two frame pipes of one running runtime. Sends come from any thread, one message at a time, and are written at once by the caller; only what
/// the pipe does not take is left to the loop. Reading and <see cref="Close"/> belong to the loop's thread.
/// </summary>
internal sealed class FrameLink : IReadiness, IDisposable
{
    private const int BytesPerTurn = 1024 * 1024;
    private readonly EventLoop _loop;
    private readonly IFrameSink _sink;
    private readonly SafeFileHandle _responses;
    private readonly int _fd;
    // Guards the protocol's state between a sender and the loop: a hostile runtime may speak at any moment.
    private readonly Lock _gate = new();
    private readonly SandboxProtocol _protocol = new();
    private readonly SendSide _send;
    private ulong _token;
    private bool _closed;

    public FrameLink(EventLoop loop, SafeFileHandle requests, SafeFileHandle responses, IFrameSink sink)
    {
        _loop = loop;
        _sink = sink;
        _responses = responses;
        _fd = Descriptor.Hold(responses);
        _send = new SendSide(loop, requests, sink, _gate);
    }

    /// <summary>True while a part of the last message still waits for room in the pipe.</summary>
    public bool IsSending => _send.IsPending;

    /// <summary>The runtime was gone before it had read the whole of the last message.</summary>
    public bool IsCut => _send.IsCut;

    /// <summary>Nothing is read: whoever gets the frames has no room for more.</summary>
    public bool IsPaused { get; private set; }

    public void Open() => _token = _loop.Add(_fd, EPOLLIN, this);

    /// <summary>Leaves the pipe alone, so that the sandbox waits; frames that were read already wait as well.</summary>
    public void Pause()
    {
        IsPaused = true;
        // Out of the epoll set: asked for nothing, it would still tell of a dead runtime without end.
        StopReading();
    }

    public void Resume()
    {
        if (!IsPaused || _closed)
            return;
        IsPaused = false;
        if (Deliver() && !IsPaused)
            Open();
    }

    public void SendInit(string handler, IReadOnlyCollection<KeyValuePair<string, string>> environment, long deadlineUnixMs)
    {
        lock (_gate)
        {
            if (_closed)
                return;
            _protocol.WriteInit(_send.Begin(), handler, environment, deadlineUnixMs);
            _send.Flush(default);
        }
    }

    /// <param name="header">All but the payload.</param>
    /// <param name="payload">Must stay untouched until the answer has come or <see cref="Close"/> was called.</param>
    public void SendInvoke(in InvokeHeader header, ReadOnlyMemory<byte> payload)
    {
        lock (_gate)
        {
            if (_closed || _protocol.State == SandboxState.Violated)
                return;
            if (!_protocol.IsAtFrameBoundary)
                throw new InvalidOperationException("The runtime spoke before it was asked.");
            _protocol.WriteInvokeHeader(_send.Begin(), header, payload.Length);
            _send.Flush(payload);
        }
    }

    /// <summary>What the runtime says after it is dropped.</summary>
    public void SendShutdown(long deadlineUnixMs, string reason)
    {
        lock (_gate)
        {
            if (_closed || _protocol.State == SandboxState.Violated)
                return;
            _protocol.WriteShutdown(_send.Begin(), deadlineUnixMs, reason);
            _send.Flush(default);
        }
    }

    public void OnReady(bool readable, bool writable)
    {
        if (readable)
            ReadFrames(BytesPerTurn);
    }

    public void OnFault(Exception fault) => _sink.OnViolation(fault);

    /// <summary>Takes in what the runtime wrote before it died. While paused it does nothing.</summary>
    public void ReadRest() => ReadFrames(FrameLimits.MaxFrameLength * 2);

    /// <summary>After it no payload that was given to <see cref="SendInvoke"/> is read any more.</summary>
    public void Close()
    {
        if (_closed)
            return;
        lock (_gate)
        {
            _closed = true;
            _send.Close();
        }
        StopReading();
        _responses.DangerousRelease();
        _protocol.Dispose();
    }

    public void Dispose() => Close();

    private void StopReading()
    {
        if (_token != 0)
            _loop.Remove(_token, _fd);
        _token = 0;
    }

    private void ReadFrames(int budget)
    {
        while (budget > 0 && !_closed && _token != 0)
        {
            var room = _protocol.GetBuffer();
            var count = Sys.Read(_fd, room);
            if (count == Sys.WouldBlock)
                return;
            if (count <= 0)
            {
                StopReading();
                _sink.OnResponsesEnded();
                return;
            }
            var filled = count == room.Length;
            _protocol.Advance(count);
            budget -= count;
            if (!Deliver() || !filled)
                return;
        }
    }

    private bool Deliver()
    {
        try
        {
            while (!_closed && !IsPaused && Next(out var frame))
                _sink.OnFrame(frame);
            if (!_closed && !IsPaused)
                Rest();
        }
        catch (WireException violation)
        {
            _sink.OnViolation(violation);
        }
        return !_closed;
    }

    // The start of a frame that nobody asked for would be read as the answer to the next event.
    private void Rest()
    {
        lock (_gate)
        {
            if (_protocol is { State: SandboxState.Ready, IsAtFrameBoundary: false })
                throw new WireException("the runtime began a frame while it was idle", 0);
            _protocol.Trim();
        }
    }

    private bool Next(out RuntimeFrame frame)
    {
        lock (_gate)
            return _protocol.TryRead(out frame);
    }
}
