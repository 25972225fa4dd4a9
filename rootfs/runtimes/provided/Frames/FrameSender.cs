using Hearth.Wire;
using static Tmds.Linux.LibC;

namespace Hearth.Adapter.Frames;

/// <summary>
/// The pipe towards a client of ours, one message at a time. It never waits: a client that prints while its event comes, and is not read meanwhile, would wait for ever.
/// The epoll set knows the descriptor only while something waits, since a pipe without a reader reports an error for ever.
/// </summary>
internal sealed class FrameSender(Reactor reactor, int fd) : IReadiness
{
    private const int CopyUpTo = 16 * 1024;
    private readonly FrameBuffer _head = new();
    private ReadOnlyMemory<byte> _payload;
    private int _headSent;
    private int _payloadSent;
    private bool _isWatched;
    private bool _isClosed;

    public bool IsPending { get; private set; }

    /// <summary>Nobody has read the whole of the last message, nor will.</summary>
    public bool IsCut { get; private set; }

    /// <summary>The cleared buffer for the next message's head; <see cref="Flush(ReadOnlyMemory{byte})"/> sends it. Not while one is on its way.</summary>
    public FrameBuffer Begin()
    {
        _head.Clear();
        IsCut = false;
        return _head;
    }

    public void Flush(ReadOnlyMemory<byte> payload)
    {
        if (payload.Length <= CopyUpTo)
        {
            payload.Span.CopyTo(_head.GetSpan(payload.Length));
            _head.Advance(payload.Length);
            payload = default;
        }
        (_payload, _headSent, _payloadSent, IsPending) = (payload, 0, 0, true);
        Flush();
    }

    public void OnReady(bool readable, bool writable, bool hungUp) => Flush();

    public void Close()
    {
        if (_isClosed)
            return;
        IsCut |= IsPending;
        Finish();
        _isClosed = true;
        Descriptors.Close(fd);
    }

    private void Flush()
    {
        while (IsPending && !_isClosed)
        {
            var head = _head.WrittenSpan[_headSent..];
            var rest = head.IsEmpty ? _payload.Span[_payloadSent..] : head;
            if (rest.IsEmpty)
            {
                Finish();
                return;
            }
            var count = Descriptors.Write(fd, rest);
            if (count == Descriptors.WouldBlock)
            {
                if (!_isWatched)
                    reactor.Add(fd, EPOLLOUT, this);
                _isWatched = true;
                return;
            }
            if (count < 0)
            {
                // Its end, which follows, says why.
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
        IsPending = false;
        _payload = default;
        if (_isWatched)
            reactor.Remove(fd);
        _isWatched = false;
    }
}
