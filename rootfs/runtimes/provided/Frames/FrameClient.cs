using System.Buffers;
using System.Diagnostics;
using Hearth.Adapter.Api;
using Hearth.Adapter.Processes;
using Hearth.Wire;
using static Tmds.Linux.LibC;

namespace Hearth.Adapter.Frames;

/// <summary>
/// A client of ours for a language, as a child with pipes of its own: it speaks the frames that it would speak with the agent, and is believed as little. Events and
/// answers are held once, whole; an answer goes to the agent from where it was read into, and waits for room there, which is what slows the client down.
/// </summary>
internal sealed class FrameClient(Reactor reactor, AgentPipe agent, IRuntimeEvents events) : IReadiness, IFunctionRuntime, IDisposable
{
    private const int BytesPerTurn = 1024 * 1024;
    private const int ClosedPatienceMs = 1000;

    // The function pays for what a shared pool would keep.
    private readonly SandboxProtocol _protocol = new(new NoPool());
    private readonly ClientPipes _pipes = ClientPipes.Create();
    private FrameSender? _sender;
    private (string Handler, Dictionary<string, string> Environment, long Deadline)? _init;
    private Invocation? _invocation;
    private bool _isFresh;
    private bool _isDeaf;
    private Timed? _closed;
    private long _produced;

    public RuntimeState State { get; private set; }

    /// <summary>As INIT_START calls it: "python:3.11.2".</summary>
    public string Version { get; private set; } = "";

    public Invocation? Untaken => _isFresh || _sender is { IsCut: true } ? _invocation : null;

    /// <param name="command">The program and its arguments.</param>
    /// <returns>Null, and the errno, when it cannot be executed.</returns>
    public ChildProcess? Start(string[] command, IReadOnlyDictionary<string, string> environment, Action<ReadOnlySpan<byte>> output, Action<ChildProcess> ended, out int error)
    {
        var process = ChildProcess.Start(reactor, command, environment, output, process =>
        {
            // What it wrote before it died counts: an answer is an answer.
            Read(2L * FrameLimits.MaxFrameLength);
            ended(process);
        }, out error, _pipes);
        _pipes.CloseTheirs();
        if (process is null)
        {
            _pipes.CloseOurs();
            return null;
        }
        _sender = new FrameSender(reactor, _pipes.Requests);
        reactor.Add(_pipes.Responses, EPOLLIN, this);
        return process;
    }

    /// <summary>Has it load the function, now or once it has said Hello.</summary>
    public void Initialize(string handler, Dictionary<string, string> environment, long deadlineUnixMs)
    {
        _init = (handler, environment, deadlineUnixMs);
        SendInit();
    }

    public void Offer(Invocation invocation)
    {
        _invocation = invocation;
        _isFresh = true;
        if (State == RuntimeState.Ready)
            SendInvoke();
    }

    public void Close() => _invocation = null;

    /// <summary>Another one takes its place: whatever it still says, nobody hears it.</summary>
    public void Dispose()
    {
        StopListening();
        _closed?.Cancel();
        _sender?.Close();
        Descriptors.Close(_pipes.Responses);
        _protocol.Dispose();
    }

    public void OnReady(bool readable, bool writable, bool hungUp) => Read(BytesPerTurn);

    private void Read(long budget)
    {
        try
        {
            while (budget > 0 && !_isDeaf)
            {
                var room = _protocol.GetBuffer();
                var count = Descriptors.Read(_pipes.Responses, room);
                if (count == Descriptors.WouldBlock)
                    return;
                if (count <= 0)
                {
                    StopListening();
                    // A process that ends closes it a moment before. One that goes on could never answer.
                    _closed = reactor.After(ClosedPatienceMs, () => events.OnRuntimeViolation("it closed its response pipe"));
                    return;
                }
                _protocol.Advance(count);
                budget -= count;
                while (!_isDeaf && _protocol.TryRead(out var frame))
                    OnFrame(frame);
                // The start of a frame that nobody asked for would be read as the answer to the next event.
                if (!_isDeaf && _protocol is { State: SandboxState.Ready, IsAtFrameBoundary: false })
                    throw new WireException("the runtime began a frame while it was idle", 0);
            }
        }
        catch (WireException violation)
        {
            Violate(violation.Cause);
        }
    }

    private void OnFrame(in RuntimeFrame frame)
    {
        switch (frame.Kind)
        {
            case FrameKind.Hello:
                if (_init is null && Version.Length == 0)
                    agent.Hello(frame.Runtime.ToString(), frame.RuntimeVersion.ToString());
                Version = $"{frame.Runtime}:{frame.RuntimeVersion}";
                SendInit();
                break;
            case FrameKind.InitDone:
                BecomeReady();
                break;
            case FrameKind.Error when frame.Id == 0:
                State = RuntimeState.InitError;
                events.OnRuntimeInitError(TypeOf(frame), frame.Payload.ToArray());
                break;
            case FrameKind.ResponseStart:
                BeginAnswer();
                _produced = 0;
                agent.ResponseStart(_invocation!.Id, frame.ContentType.ToStringOrNull());
                break;
            case FrameKind.Chunk:
                _produced += frame.Payload.Length;
                agent.Chunk(_invocation!.Id, frame.Payload.Span);
                break;
            case FrameKind.ResponseEnd:
                events.BeforeAnswer();
                agent.ResponseEnd(_invocation!.Id);
                Sent(null, _produced);
                break;
            case FrameKind.Response:
                BeginAnswer();
                events.BeforeAnswer();
                agent.Response(_invocation!.Id, frame.ContentType.ToStringOrNull(), frame.Payload.Span);
                Sent(null, frame.Payload.Length);
                break;
            case FrameKind.Error when frame.IsFatal:
                events.BeforeAnswer();
                State = RuntimeState.RuntimeResponseSentState;
                events.OnRuntimeFatal(_invocation!, TypeOf(frame), frame.Payload.ToArray());
                break;
            case FrameKind.Error:
                BeginAnswer();
                events.BeforeAnswer();
                agent.Error(_invocation!.Id, TypeOf(frame), fatal: false, frame.Payload.Span);
                Sent(TypeOf(frame), frame.Payload.Length);
                break;
            case FrameKind.Done:
                BecomeReady();
                break;
        }
    }

    /// <summary>That an event was not taken is for the adapter to say: a function could else have its event run again, and unbilled, by the name of what it throws.</summary>
    private static string TypeOf(in RuntimeFrame frame) => frame.ErrorType.ToString() is var type && type == FrameLimits.NotTaken ? "Runtime.Unknown" : type;

    private void SendInit()
    {
        if (_protocol.State != SandboxState.InitDue || _init is not { } init)
            return;
        if (_sender!.IsPending)
        {
            Violate("it started again before it had read the whole Init");
            return;
        }
        _protocol.WriteInit(_sender.Begin(), init.Handler, init.Environment, init.Deadline);
        _sender.Flush(default);
    }

    private void SendInvoke()
    {
        var invocation = _invocation!;
        _isFresh = false;
        State = RuntimeState.Running;
        if (!_protocol.IsAtFrameBoundary)
        {
            Violate("it spoke before it was asked");
            return;
        }
        _protocol.WriteInvokeHeader(
            _sender!.Begin(),
            new InvokeHeader(
                invocation.RequestId, invocation.DeadlineUnixMs, invocation.Arn, invocation.TraceId, invocation.ClientContext, invocation.CognitoIdentity, invocation.TenantId,
                invocation.ContentType),
            invocation.Payload.Length);
        _sender.Flush(invocation.Payload);
    }

    private void BeginAnswer()
    {
        if (_sender!.IsPending || _sender.IsCut)
            throw new WireException("it answered before it had read the whole event", 0);
        if (_invocation!.AnsweringAt == 0)
            _invocation.AnsweringAt = Stopwatch.GetTimestamp();
    }

    private void Sent(string? errorType, long bytes)
    {
        var invocation = _invocation!;
        State = RuntimeState.RuntimeResponseSentState;
        // The frame has been passed on: its memory may go before the sandbox is idle.
        _protocol.Trim();
        invocation.Payload = default;
        invocation.AnsweredAt = Stopwatch.GetTimestamp();
        events.OnAnswered(invocation, errorType, bytes);
        // Our clients read the next event as soon as they have answered.
        if (_protocol.State == SandboxState.Ready)
            BecomeReady();
    }

    private void BecomeReady()
    {
        State = RuntimeState.Ready;
        events.OnRuntimeReady();
        if (_isFresh)
            SendInvoke();
    }

    private void Violate(string cause)
    {
        StopListening();
        events.OnRuntimeViolation(cause);
    }

    private void StopListening()
    {
        if (!_isDeaf)
            reactor.Remove(_pipes.Responses);
        _isDeaf = true;
    }

    private sealed class NoPool : ArrayPool<byte>
    {
        public override byte[] Rent(int minimumLength) => GC.AllocateUninitializedArray<byte>(minimumLength);

        public override void Return(byte[] array, bool clearArray = false)
        {
        }
    }
}
