using System.Buffers.Binary;
using Hearth.Wire;
using static Tmds.Linux.LibC;

namespace Hearth.Adapter.Frames;

/// <summary>Who acts on what the agent says.</summary>
internal interface IAgentOrders
{
    void OnInit(in AgentFrame frame);

    void OnInvoke(Invocation invocation);

    void OnShutdown(long deadlineUnixMs, string reason);

    /// <summary>The agent closed its end: nobody wants this sandbox any more.</summary>
    void OnAgentGone();
}

/// <summary>The two frame pipes to the agent. Sends wait for room: the agent reads all the time.</summary>
internal sealed class AgentPipe : IReadiness
{
    private const int SmallBuffer = 16 * 1024;
    private readonly Reactor _reactor;
    private readonly IAgentOrders _orders;
    private readonly FrameBuffer _out = new();
    private byte[] _in = new byte[SmallBuffer];
    private int _length;
    private long _offset;
    private bool _collect;

    public AgentPipe(Reactor reactor, IAgentOrders orders)
    {
        _reactor = reactor;
        _orders = orders;
        reactor.Add(Descriptors.Requests, EPOLLIN, this);
    }

    public void OnReady(bool readable, bool writable, bool hungUp)
    {
        var count = Descriptors.Read(Descriptors.Requests, _in.AsSpan(_length));
        if (count == Descriptors.WouldBlock)
            return;
        if (count <= 0)
        {
            _reactor.Remove(Descriptors.Requests);
            _orders.OnAgentGone();
            return;
        }
        _length += count;
        while (TakeFrame())
        {
        }
    }

    /// <summary>Takes what has come; what comes later, or has not come whole, the agent sees unread.</summary>
    public void StopReading()
    {
        while (Descriptors.HasInput(Descriptors.Requests) && Descriptors.Read(Descriptors.Requests, _in.AsSpan(_length)) is > 0 and var count)
        {
            _length += count;
            while (TakeFrame())
            {
            }
        }

        _reactor.Remove(Descriptors.Requests);
        Descriptors.Close(Descriptors.Requests);
    }

    /// <param name="runtime">Whose INIT_START it will be.</param>
    public void Hello(string runtime, string version)
    {
        RuntimeFrameWriter.WriteHello(_out, runtime, version);
        Flush([]);
    }

    public void InitDone(int shutdownMs)
    {
        RuntimeFrameWriter.WriteInitDone(_out, shutdownMs);
        Flush([]);
    }

    public void InitFailed(string errorType, string cause)
    {
        RuntimeFrameWriter.WriteInitFailure(_out, Texts.Label(errorType, FrameLimits.MaxErrorTypeLength), Texts.Label(cause, FrameLimits.MaxErrorCauseLength));
        Flush([]);
    }

    public void Response(uint id, string? contentType, ReadOnlySpan<byte> payload)
    {
        RuntimeFrameWriter.WriteResponseHeader(_out, id, Texts.ContentType(contentType), payload.Length);
        Flush(payload);
    }

    /// <param name="id">0 during init.</param>
    public void Error(uint id, string errorType, bool fatal, ReadOnlySpan<byte> body)
    {
        RuntimeFrameWriter.WriteErrorHeader(_out, id, Texts.Label(errorType, FrameLimits.MaxErrorTypeLength), fatal, body.Length);
        Flush(body);
    }

    public void ResponseStart(uint id, string? contentType)
    {
        RuntimeFrameWriter.WriteResponseStart(_out, id, Texts.ContentType(contentType));
        Flush([]);
    }

    public void Chunk(uint id, ReadOnlySpan<byte> bytes)
    {
        RuntimeFrameWriter.WriteChunkHeader(_out, id, bytes.Length);
        Flush(bytes);
    }

    public void ResponseEnd(uint id)
    {
        RuntimeFrameWriter.WriteResponseEnd(_out, id);
        Flush([]);
    }

    public void Done(uint id)
    {
        RuntimeFrameWriter.WriteDone(_out, id);
        Flush([]);
    }

    private void Flush(ReadOnlySpan<byte> payload)
    {
        if (payload.Length <= SmallBuffer)
        {
            payload.CopyTo(_out.GetSpan(payload.Length));
            _out.Advance(payload.Length);
            payload = [];
        }
        Descriptors.WriteAll(Descriptors.Responses, _out.WrittenSpan);
        _out.Clear();
        Descriptors.WriteAll(Descriptors.Responses, payload);
        _collect |= payload.Length > 1024 * 1024;
    }

    /// <summary>The function pays for this program's memory: what a large event or answer left behind goes back when nothing is under way.</summary>
    public void Trim()
    {
        if (!_collect)
            return;
        _collect = false;
        // Later: whoever calls this may stand on a frame that holds it still.
        _reactor.After(0, static () => GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true));
    }

    private bool TakeFrame()
    {
        if (_length < FrameLimits.PrefixLength)
            return false;
        var announced = BinaryPrimitives.ReadUInt32LittleEndian(_in);
        if (announced is < 1 or > FrameLimits.MaxFrameLength)
            throw new WireException($"a frame of {announced} bytes was announced; 1 to {FrameLimits.MaxFrameLength} are allowed", _offset);
        var whole = FrameLimits.PrefixLength + (int)announced;
        if (_length < whole)
        {
            if (_in.Length < whole)
                Array.Resize(ref _in, whole);
            return false;
        }
        var buffer = _in;
        var large = buffer.Length > SmallBuffer;
        var rest = _length - whole;
        // A large payload goes on in the buffer that it came in; a small one is copied out of this one.
        var next = large ? new byte[Math.Max(SmallBuffer, rest)] : buffer;
        Dispatch(AgentFrame.Parse(buffer.AsMemory(FrameLimits.PrefixLength, (int)announced), _offset), keep: large);
        buffer.AsSpan(whole, rest).CopyTo(next);
        _in = next;
        _length = rest;
        _offset += whole;
        _collect |= whole > 1024 * 1024;
        return true;
    }

    private void Dispatch(in AgentFrame frame, bool keep)
    {
        switch (frame.Kind)
        {
            case FrameKind.Init:
                _orders.OnInit(frame);
                break;
            case FrameKind.Invoke:
                _orders.OnInvoke(Invocation.Of(frame, keep));
                break;
            default:
                _orders.OnShutdown(frame.DeadlineUnixMs, frame.Reason.ToString());
                break;
        }
    }
}
