using Hearth.Agent.Functions;
using Hearth.Agent.Reporting.Logs;
using Hearth.Agent.Scheduling;
using Hearth.Agent.Spawning;
using Hearth.Agent.Streaming;
using Hearth.Contracts;
using Hearth.Wire;

namespace Hearth.Agent.Sandboxes;

// From a sandbox that is there to a runtime that takes events: pipes, Hello, Init, InitDone.
internal sealed partial class Instance
{
    private void Attach(ISandbox sandbox)
    {
        _sandbox = sandbox;
        if (!_owner.OnAttached(this))
        {
            Destroy();
            return;
        }
        try
        {
            OpenPipes(sandbox);
            StartInitClock(InitLimit);
        }
        catch (Exception e)
        {
            _services.Log.LogError("The pipes of an instance of {Function} cannot be watched: {Cause}", Function.Name, e.Message);
            GiveUp(RuntimeFailure.Platform("The sandbox could not be started; the agent's log has the cause."), destroy: true);
        }
    }

    // Lambda gives provisioned instances at least 130 s, and as long as an invocation may take: nobody waits for them.
    private TimeSpan InitLimit => !IsProvisioned ? _services.Settings.InitLimit : Function.Timeout > s_provisionedInit ? Function.Timeout : s_provisionedInit;

    private void OpenPipes(ISandbox sandbox)
    {
        var generation = ++_generation;
        _exited = _helloWaits = _notTaken = false;
        _waitingExit = null;
        _shutdownMs = 0;
        _endedAt = 0;
        _link = new FrameLink(_services.Loop, sandbox.Requests, sandbox.Responses, this);
        _output = new LogPipe(_services.Loop, sandbox.Logs, _log, _services.Time);
        _output.Open();
        _link.Open();
        sandbox.Exited.ContinueWith(
            exit => _services.Loop.Post(() => OnExited(generation, exit.IsCompletedSuccessfully ? exit.Result : new RuntimeExit(0, 9, false, true))),
            CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    private void ClosePipes()
    {
        _output?.Drain();
        _output?.Close();
        _link?.Close();
        _endedAt = 0;
        _initClockRuns = false;
    }

    private void StartInitClock(TimeSpan limit)
    {
        _initStarted = _services.Time.GetTimestamp();
        _initLimit = limit;
        _initClockRuns = true;
        _initLogged = false;
    }

    private void OnHello(in RuntimeFrame frame)
    {
        _runtime = frame.Runtime.ToString();
        _runtimeVersion = frame.RuntimeVersion.ToString();
        if (State == InstanceState.Init)
            SendInit();
        else
            _helloWaits = true;
    }

    private void SendInit()
    {
        _helloWaits = false;
        if (!_initLogged)
        {
            _initLogged = true;
            PlatformLines.InitStart(_log, RuntimeVersions.Name(_runtime, _runtimeVersion), RuntimeVersions.Arn(Function.Region, _runtime, _runtimeVersion), ColdReasons.Name(Reason));
        }
        var left = _initLimit - _services.Time.GetElapsedTime(_initStarted);
        var deadline = (_services.Time.GetUtcNow() + left).ToUnixTimeMilliseconds();
        _link!.SendInit(Function.Spec.Handler, EnvironmentBuilder.Build(Function, _log.Stream, IsProvisioned, _behindAdapter), deadline);
    }

    private void OnInitDone()
    {
        var took = _services.Time.GetElapsedTime(_initStarted);
        InitMillis = (int)took.TotalMilliseconds;
        // Output of the init belongs to it, not to the first invocation.
        _output?.Drain();
        if (Current is { } bound)
        {
            _owner.OnBoundInit(this);
            Send(_link!, bound);
            return;
        }
        // Of an instance that was provisioned or started ahead no invocation reports the init, but one that came meanwhile has waited for the rest of it.
        if (Reason is not (ColdReason.Provisioned or ColdReason.Spare or ColdReason.Predicted))
            _unreportedInitUs = Math.Max(1, (long)took.TotalMicroseconds);
        var next = _owner.Release(this, null);
        if (next is not null && Reason is ColdReason.Spare or ColdReason.Predicted)
        {
            var waited = _services.Time.GetElapsedTime(next.QueuedAt);
            Interlocked.Exchange(ref _unreportedInitUs, Math.Max(1, (long)(waited < took ? waited : took).TotalMicroseconds));
        }
        Continue(next);
    }
}
