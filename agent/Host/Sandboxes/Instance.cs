using Hearth.Agent.Functions;
using Hearth.Agent.Reporting.Logs;
using Hearth.Agent.Scheduling;
using Hearth.Agent.Spawning;
using Hearth.Agent.Streaming;
using Hearth.Contracts;
using Hearth.Contracts.V1;
using Hearth.Wire;

namespace Hearth.Agent.Sandboxes;

/// <summary>
/// One sandbox of one function. Its events are handled by the loop's thread; only the start of an invocation may come from another
/// (<see cref="Dispatch"/>). State changes are the owner's, under its gate.
/// </summary>
internal sealed partial class Instance : IFrameSink, IDisposable
{
    // The process is gone when its pipe is; should the word of it not come, something holds the process and it is ended.
    private static readonly TimeSpan ExitPatience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_provisionedInit = TimeSpan.FromSeconds(130);
    private readonly IInstanceOwner _owner;
    private readonly InstanceServices _services;
    private readonly InstanceLog _log;
    private readonly InvocationReporter _reporter;
    // Between the thread that dispatches and the loop that finds the runtime dead. Taken before the owner's gate, never after.
    private readonly Lock _dispatch = new();
    private readonly Lock _freezer = new();
    private readonly ResponseBuffer _response = new();
    private ISandbox? _sandbox;
    private FrameLink? _link;
    private LogPipe? _output;
    private int _generation;
    /// <summary>Its language's client runs as a child of the adapter. Known before there is a sandbox.</summary>
    private bool _behindAdapter;
    private bool _helloWaits;
    private bool _notTaken;
    private string _runtime = "";
    private string _runtimeVersion = "";
    private long _initStarted;
    private TimeSpan _initLimit;
    // Not since the pipes were closed: a bare instance is chosen under the gate, and its Init goes out a moment later.
    private bool _initClockRuns;
    private bool _initLogged;
    private long _unreportedInitUs;
    private long _endedAt;
    private bool _frozen;
    private bool _exited;
    private int _destroying;

    public Instance(FunctionPool pool, IInstanceOwner owner, InstanceServices services, ColdReason reason)
    {
        Reason = reason;
        IsProvisioned = reason == ColdReason.Provisioned;
        Pool = pool;
        Function = pool.Function;
        _owner = owner;
        _services = services;
        Created = services.Time.GetUtcNow();
        var stream = $"{Created:yyyy'/'MM'/'dd}/[{Function.Version}]{Id:N}";
        _log = new InstanceLog(services.Logs.Open(Function.Name), stream, services.Time);
        _reporter = new InvocationReporter(services, Function, _log);
        LastUsed = Created;
    }

    public Guid Id { get; } = Guid.NewGuid();

    public FunctionPool Pool { get; }

    public FunctionRevision Function { get; }

    /// <summary>Started before anybody asked, to be kept.</summary>
    public bool IsProvisioned { get; }

    /// <summary>Why its runtime was initialised last.</summary>
    public ColdReason Reason { get; private set; }

    public int MemoryMb => Function.Spec.MemoryMb;

    public DateTimeOffset Created { get; }

    public DateTimeOffset LastUsed { get; private set; }

    public long Invocations { get; private set; }

    public int InitMillis { get; private set; }

    /// <summary>Guarded by the owner's gate, like the four after it.</summary>
    public InstanceState State { get; private set; } = InstanceState.Starting;

    public Invocation? Current { get; set; }

    public long IdleSince { get; set; }

    /// <summary>Timestamp from which its start is measured, once: when its code was there. Null after its first end of a start, good or bad.</summary>
    private long? _startBegan;
    private bool _countsAsBusy;

    /// <summary>What it was worth to keep it when it became idle.</summary>
    public double Worth { get; set; }

    public bool CountsAsStarting { get; set; }

    /// <summary>Started ahead of need, and not needed so far.</summary>
    public bool CountsAsAhead { get; set; }

    public bool IsBare => State == InstanceState.Bare;

    public bool HasExited => _exited;

    public void SetState(InstanceState next)
    {
        if (!InstanceStates.MayFollow(State, next))
            throw new InvalidOperationException($"An instance cannot go from {State} to {next}.");
        CountAsBusy(next == InstanceState.Busy && ReferenceEquals(Function, Pool.Function));
        State = next;
    }

    /// <summary>Its runtime is initialised once more. Under the owner's gate.</summary>
    public void BeginAnew(ColdReason reason) => Reason = reason;

    /// <summary>Under the owner's gate.</summary>
    public void BeginStart() => _startBegan = _services.Time.GetTimestamp();

    /// <summary>Under the owner's gate.</summary>
    public long? TakeStartBegan()
    {
        var began = _startBegan;
        _startBegan = null;
        return began;
    }

    /// <summary>Under the owner's gate.</summary>
    public void CountAsBusy(bool counts)
    {
        if (_countsAsBusy == counts)
            return;
        _countsAsBusy = counts;
        Pool.Busy += counts ? 1 : -1;
    }

    /// <summary>Makes the sandbox. Runs on the thread pool.</summary>
    public async Task StartAsync()
    {
        try
        {
            await SandboxStarter.EnsureCodeAsync(_services, Function);
            // Fetching code happens once; a start is what comes after.
            _owner.OnCodeThere(this);
            _behindAdapter = Function.Runtime != RuntimeKind.Provided && (Function.HasWrapper || _services.Code.HasExtensions(Function));
            var sandbox = await SandboxStarter.StartAsync(_services, Function, _behindAdapter);
            _services.Loop.Post(() => Attach(sandbox));
        }
        catch (LambdaException e)
        {
            _owner.OnStartFailed(this, e.Error);
        }
        catch (Exception e)
        {
            _services.Log.LogError(e, "An instance of {Function} could not be started", Function.Name);
            _owner.OnStartFailed(this, LambdaError.Service("The sandbox could not be started; the agent's log has the cause."));
        }
    }

    /// <summary>Writes the event to the runtime. Any thread; the invocation is already claimed for this instance.</summary>
    public void Dispatch(Invocation invocation)
    {
        lock (_dispatch)
        {
            if (!ReferenceEquals(Current, invocation) || invocation.Stage != InvocationStage.Claimed || _link is not { } link)
                return;
            Thaw();
            BeginInvocation(invocation, Interlocked.Exchange(ref _unreportedInitUs, 0));
            Send(link, invocation);
        }
    }

    /// <summary>The owner chose this bare instance: its runtime gets Init. Loop's thread.</summary>
    public void BeginInit()
    {
        if (State != InstanceState.Init)
            return;
        StartInitClock(InitLimit);
        if (_helloWaits)
            SendInit();
    }

    /// <summary>The owner has set Stopping. Loop's thread.</summary>
    public void Shutdown()
    {
        if (Current is null && BidFarewell("spindown"))
            return;
        // First: a sender on another thread must not write a payload that was given back.
        ClosePipes();
        FailCurrentOnShutdown();
        if (_sandbox is not null)
            Destroy();
    }

    /// <summary>Clocks: init, the function's time limit, freezing. Loop's thread.</summary>
    /// <returns>True while it wants to be called again soon.</returns>
    public bool Tick()
    {
        switch (State)
        {
            case InstanceState.Init when IsInitLate() && !SpokeMeanwhile(IsInitLate):
                OnInitTimeout();
                break;
            case InstanceState.Busy when IsInvocationLate() && !SpokeMeanwhile(IsInvocationLate):
                GiveUp(RuntimeFailure.TimedOut(Function.Timeout), destroy: false);
                break;
            case InstanceState.Idle:
                Freeze();
                break;
        }
        if (_endedAt != 0 && _services.Time.GetElapsedTime(_endedAt) >= ExitPatience)
            GiveUp(RuntimeFailure.Violation("it closed its response pipe"), destroy: true);
        return State is not (InstanceState.Frozen or InstanceState.Bare or InstanceState.Gone) || _endedAt != 0;
    }

    private bool IsInitLate() => State == InstanceState.Init && _initClockRuns && _services.Time.GetElapsedTime(_initStarted) >= _initLimit;

    private bool IsInvocationLate() => State == InstanceState.Busy && Current is { Stage: InvocationStage.Dispatched } invocation
        && _services.Time.GetElapsedTime(invocation.StartedAt) >= Function.Timeout;

    /// <summary>The loop may have been held up and the clock come first: an answer that lies in the pipe is in time.</summary>
    private bool SpokeMeanwhile(Func<bool> isLate)
    {
        _link?.ReadRest();
        return !isLate();
    }

    public SandboxStats ReadStats() => _reporter.ReadStats(_sandbox);

    public void OnFrame(in RuntimeFrame frame)
    {
        switch (frame.Kind)
        {
            case FrameKind.Hello:
                OnHello(frame);
                break;
            case FrameKind.InitDone:
                _shutdownMs = frame.ShutdownMs;
                OnInitDone();
                break;
            case FrameKind.Error when frame.Id == 0 && !frame.ErrorCause.IsNil:
                GiveUp(RuntimeFailure.InitFailure(frame.ErrorType.ToString(), frame.ErrorCause.ToString()), destroy: false);
                break;
            case FrameKind.Error when frame.Id == 0:
                GiveUp(RuntimeFailure.InitError(frame.ErrorType.ToString(), frame.Payload.ToArray()), destroy: false);
                break;
            case FrameKind.Error when frame.IsFatal && (_behindAdapter || Function.Runtime == RuntimeKind.Provided) && frame.ErrorType.ToString() == FrameLimits.NotTaken:
                // Its end, which follows, tells the rest.
                _notTaken = true;
                break;
            case FrameKind.Error:
                _response.Clear();
                Finish(frame.Payload, contentType: null, isError: true, fatalType: frame.IsFatal ? frame.ErrorType.ToString() : null);
                break;
            case FrameKind.Response:
                Finish(frame.Payload, frame.ContentType.ToStringOrNull(), isError: false);
                break;
            case FrameKind.ResponseStart when Current is { Stream: { } stream }:
                BeginStream(stream, frame.ContentType.ToStringOrNull());
                break;
            case FrameKind.ResponseStart:
                _response.Begin(frame.ContentType.ToStringOrNull());
                break;
            case FrameKind.Chunk when Current is { Stream: { } stream }:
                Pass(stream, frame.Payload.Span);
                break;
            case FrameKind.Chunk when !_response.TryAppend(frame.Payload.Span):
                GiveUp(RuntimeFailure.ResponseTooLarge(FrameLimits.MaxPayloadLength), destroy: false);
                break;
            case FrameKind.ResponseEnd:
                Finish(_response.Written, _response.ContentType, isError: false);
                _response.Clear();
                break;
            case FrameKind.Done:
                OnDone();
                break;
        }
    }

    public void OnResponsesEnded()
    {
        if (!_exited)
            _endedAt = _services.Time.GetTimestamp();
    }

    public void OnViolation(Exception cause)
    {
        _services.Log.LogWarning("Instance {Id} of {Function} is ended, its runtime broke the protocol: {Cause}", Id, Function.Name, cause.Message);
        // Who breaks the protocol while it has time to end has no more of it: its pipe is not read on.
        if (EndFarewell())
            return;
        GiveUp(RuntimeFailure.Violation(cause is WireException wire ? wire.Cause : "the agent could not go on with it"), destroy: true);
    }

    /// <summary>Pipes only; the sandbox is ended by <see cref="Shutdown"/>.</summary>
    public void Dispose() => _link?.Dispose();

    private void BeginInvocation(Invocation invocation, long initUs)
    {
        invocation.InitUs = initUs;
        invocation.StartUnixMs = _services.Time.GetUtcNow().ToUnixTimeMilliseconds();
        invocation.StartedAt = _services.Time.GetTimestamp();
        // Last: the loop's clock may look from its own thread at any moment, and takes one without a start for as old as the machine.
        invocation.Stage = InvocationStage.Dispatched;
        _log.Begin(invocation.RequestId, invocation.Tail);
        PlatformLines.Start(_log, invocation.RequestIdText, Function.Version);
    }

    private void Send(FrameLink link, Invocation invocation)
    {
        try
        {
            link.SendInvoke(
                new InvokeHeader(
                    invocation.RequestIdText, invocation.StartUnixMs + (long)Function.Timeout.TotalMilliseconds, invocation.InvokedArn,
                    invocation.TraceId, invocation.ClientContext, ContentType: invocation.ContentType),
                invocation.Payload);
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException or System.ComponentModel.Win32Exception)
        {
            _services.Loop.Post(() => OnViolation(e));
        }
    }

    private void Finish(ReadOnlyMemory<byte> payload, string? contentType, bool isError, string? fatalType = null)
    {
        if (_link!.IsSending || _link.IsCut)
        {
            OnViolation(new WireException("it answered before it had read the whole event", 0));
            return;
        }
        var invocation = Current!;
        var result = Hold(payload, contentType, isError);
        if (_shutdownMs > 0 && fatalType is null)
        {
            Answer(invocation, result);
            return;
        }
        _output?.Drain();
        _reporter.Report(invocation, _sandbox, isError ? InvocationStatus.FunctionError : InvocationStatus.Success, fatalType is null ? null : "error", fatalType);
        Invocations++;
        LastUsed = _services.Time.GetUtcNow();
        if (fatalType is not null)
        {
            EndRuntime(destroy: false, out _);
            _owner.Complete(invocation, result);
            return;
        }
        // Idle before its caller is told: the caller's next event must find it.
        var next = _owner.Release(this, invocation);
        invocation.Complete(result);
        Continue(next);
    }

    /// <summary>The body is copied out of the parser's buffer: it lives until the caller's socket has taken it.</summary>
    private InvocationResult Hold(ReadOnlyMemory<byte> payload, string? contentType, bool isError)
    {
        if (payload.IsEmpty)
            return new InvocationResult(null, isError, default, null, null, contentType);
        var share = Pool.Use.Answers;
        if (share.TryRent(payload.Length) is not { } rented)
            return InvocationResult.Refused(AnswerShare.ThrownAway);
        payload.CopyTo(rented);
        return new InvocationResult(null, isError, rented.AsMemory(0, payload.Length), rented, share, contentType);
    }

    private void Continue(Invocation? next)
    {
        if (next is not null)
            Dispatch(next);
    }

    private void Freeze()
    {
        if (!_owner.TryFreeze(this))
            return;
        lock (_freezer)
        {
            // Claimed meanwhile: then it must run.
            if (State != InstanceState.Frozen || _frozen)
                return;
            _sandbox!.Freeze();
            _frozen = true;
        }
    }

    private void Thaw()
    {
        lock (_freezer)
        {
            if (!_frozen)
                return;
            _frozen = false;
            _sandbox!.Thaw();
        }
    }
}
