using System.Buffers;

namespace Hearth.Wire;

/// <summary>
/// The agent's side of one runtime process: bytes in, checked frames out, and the heads of frames to write. It knows which frame is allowed when;
/// after a <see cref="WireException"/> every further call throws the same one. Not thread safe. A reset sandbox (new pipes) gets a new object.
/// </summary>
/// <remarks>
/// Loop: read(2) into <see cref="GetBuffer"/>, <see cref="Advance"/>, then <see cref="TryRead"/> until it is false. A frame's views are valid until the next <see cref="GetBuffer"/>.
/// <code>
/// Hello          -> write Init (WriteInit)
/// InitDone       -> Ready: Invoke may be written (WriteInvokeHeader, then the payload)
/// Error, Id 0    -> init failed, State is Ending
/// Response/Error -> answer of CurrentId; State is Ready, or Ending when the Error is fatal
/// ResponseStart, Chunk..., ResponseEnd or Error -> streamed answer of CurrentId
/// Done           -> only when InitDone announced it: after the answer, State was Finishing and is Ready
/// </code>
/// </remarks>
/// <param name="pool">As in <see cref="FrameParser"/>.</param>
public sealed class SandboxProtocol(ArrayPool<byte>? pool = null) : IDisposable
{
    private const int HellosAllowed = 2;

    private readonly FrameParser _parser = new(pool: pool);
    private WireException? _violation;
    private int _hellos;
    private bool _saysDone;

    public SandboxState State { get; private set; }

    /// <summary>The invocation that was written last; 0 before the first.</summary>
    public uint CurrentId { get; private set; }

    /// <summary>False when the stream, ending here, would cut a frame.</summary>
    public bool IsAtFrameBoundary => _parser.IsEmpty;

    /// <summary>Bytes held for frames that are not complete.</summary>
    public int BufferedCapacity => _parser.Capacity;

    /// <summary>Room to read into, never empty.</summary>
    public Span<byte> GetBuffer() => _parser.GetBuffer();

    public void Advance(int count) => _parser.Advance(count);

    public void Append(ReadOnlySpan<byte> bytes) => _parser.Append(bytes);

    /// <exception cref="WireException">The runtime broke the protocol: destroy its sandbox.</exception>
    public bool TryRead(out RuntimeFrame frame)
    {
        frame = default;
        if (_violation is not null)
            throw _violation;
        try
        {
            long offset;
            ReadOnlyMemory<byte> body;
            // What comes after the end is dropped: in a loop, for one read may hold a hundred thousand frames.
            do
            {
                offset = _parser.Offset;
                if (!_parser.TryRead(out body))
                    return false;
            }
            while (State == SandboxState.Ending);
            frame = RuntimeFrame.Parse(body, offset);
            State = Next(frame, offset);
            return true;
        }
        catch (WireException e)
        {
            _violation = e;
            State = SandboxState.Violated;
            throw;
        }
    }

    /// <summary>Answers Hello.</summary>
    public void WriteInit(FrameBuffer output, string handler, IReadOnlyCollection<KeyValuePair<string, string>> environment, long initDeadlineUnixMs)
    {
        Require(SandboxState.InitDue);
        AgentFrameWriter.WriteInit(output, handler, environment, initDeadlineUnixMs);
        State = SandboxState.Initializing;
    }

    /// <summary>Begins an invocation. The payload is written by the caller, after the buffer and without a copy.</summary>
    /// <returns>The id that its answer will carry.</returns>
    public uint WriteInvokeHeader(FrameBuffer output, in InvokeHeader header, int payloadLength)
    {
        Require(SandboxState.Ready);
        var id = CurrentId + 1;
        if (id == 0)
            throw new InvalidOperationException("This instance has used up all 4,294,967,295 invocation ids; replace it.");
        AgentFrameWriter.WriteInvokeHeader(output, id, header, payloadLength);
        CurrentId = id;
        State = SandboxState.Invoking;
        return id;
    }

    /// <summary>Allowed in every state; what the runtime still says is dropped from here on.</summary>
    public void WriteShutdown(FrameBuffer output, long deadlineUnixMs, string reason)
    {
        AgentFrameWriter.WriteShutdown(output, deadlineUnixMs, reason);
        if (State != SandboxState.Violated)
            State = SandboxState.Ending;
    }

    /// <summary>Ends the validity of the last frame's views, and gives back the memory behind a large one.</summary>
    public void Trim() => _parser.Trim();

    public void Dispose() => _parser.Dispose();

    private SandboxState Next(in RuntimeFrame frame, long offset)
    {
        switch (State, frame.Kind)
        {
            case (SandboxState.Starting or SandboxState.Initializing, FrameKind.Hello) when _hellos < HellosAllowed:
                _hellos++;
                return SandboxState.InitDue;
            case (SandboxState.Initializing, FrameKind.InitDone):
                _saysDone = frame.ShutdownMs > 0;
                return SandboxState.Ready;
            case (SandboxState.Initializing, FrameKind.Error) when frame.Id == 0:
                return SandboxState.Ending;
            case (SandboxState.Invoking, FrameKind.Response) when frame.Id == CurrentId:
                return Answered;
            case (SandboxState.Invoking, FrameKind.ResponseStart) when frame.Id == CurrentId:
                return SandboxState.Streaming;
            case (SandboxState.Streaming, FrameKind.Chunk) when frame.Id == CurrentId:
                return SandboxState.Streaming;
            case (SandboxState.Streaming, FrameKind.ResponseEnd) when frame.Id == CurrentId:
                return Answered;
            case (SandboxState.Invoking or SandboxState.Streaming, FrameKind.Error) when frame.Id == CurrentId:
                return frame.IsFatal ? SandboxState.Ending : Answered;
            case (SandboxState.Finishing, FrameKind.Done) when frame.Id == CurrentId:
                return SandboxState.Ready;
            default:
                throw new WireException($"{frame.Kind} with id {frame.Id} is not allowed while {State} (current id {CurrentId})", offset);
        }
    }

    private SandboxState Answered => _saysDone ? SandboxState.Finishing : SandboxState.Ready;

    private void Require(SandboxState state)
    {
        if (State != state)
            throw new InvalidOperationException($"Not allowed while {State}; it must be {state}.");
    }
}
