using Hearth.Agent.Reporting.Logs;
using Hearth.Agent.Scheduling;
using Hearth.Agent.Spawning;
using Hearth.Contracts.V1;

namespace Hearth.Agent.Sandboxes;

// A runtime that ended, failed or took too long: what its caller is told, the runtime that is started in the same sandbox, the end of the sandbox.
internal sealed partial class Instance
{
    private const int MostGivenBack = 3;
    private static readonly TimeSpan s_givenBackWithin = TimeSpan.FromSeconds(1);

    /// <summary>The runtime is done for: its invocation fails, and it is started anew or destroyed.</summary>
    /// <param name="unread">It has not looked at its event, as far as it has one: as on AWS, where a runtime that does not ask for another event gets none, the next one gets it.</param>
    private void GiveUp(RuntimeFailure failure, bool destroy, bool unread = false)
    {
        if (State is InstanceState.Stopping or InstanceState.Gone or InstanceState.Resetting)
            return;
        var during = State == InstanceState.Init;
        var bound = Current is not null;
        var initTook = _services.Time.GetElapsedTime(_initStarted);
        _output?.Drain();
        if (during)
            PlatformLines.InitReport(_log, initTook, bound ? "invoke" : "init", failure.ReportStatus, failure.ReportErrorType);
        var invocation = EndRuntime(destroy, out var undispatched, failure.Status == InvocationStatus.Timeout ? "timeout" : null);
        if (invocation is null)
            return;
        if (!during && (undispatched || (unread && MayGiveBack(invocation))))
        {
            invocation.GivenBack += undispatched ? 0 : 1;
            _owner.Requeue(invocation);
            return;
        }
        if (undispatched)
            BeginInvocation(invocation, (long)initTook.TotalMicroseconds);
        var status = during && failure.Status == InvocationStatus.FunctionError ? InvocationStatus.InitError : failure.Status;
        _reporter.Report(invocation, _sandbox, status, failure.ReportStatus, failure.ReportErrorType);
        Invocations++;
        _owner.Complete(invocation, TakeHeld() ?? failure.ToResult(invocation.RequestIdText));
    }

    /// <summary>
    /// Not what was answered, in whole or in part: its caller has the event's memory back, and somebody else's bytes may lie there. And only soon and a few times: what a runtime does with an
    /// event that it then says it has not taken is nobody's bill.
    /// </summary>
    private bool MayGiveBack(Invocation invocation) => !invocation.IsAnswered && _held is null && invocation.Stream is not { IsStreamed: true }
        && invocation.GivenBack < MostGivenBack && _services.Time.GetElapsedTime(invocation.StartedAt) < s_givenBackWithin;

    private Invocation? EndRuntime(bool destroy, out bool undispatched, string? farewell = null)
    {
        Invocation? invocation;
        lock (_dispatch)
        {
            invocation = _owner.Interrupt(this, destroy);
            undispatched = invocation is { Stage: not InvocationStage.Dispatched };
        }
        if (farewell is null || !BidFarewell(farewell))
            TearDown();
        return invocation;
    }

    private void TearDown()
    {
        ClosePipes();
        _response.Clear();
        Thaw();
        if (State == InstanceState.Resetting)
            _ = ResetAsync(_sandbox!);
        else
            Destroy();
    }

    private void OnInitTimeout()
    {
        if (Current is not null)
        {
            GiveUp(RuntimeFailure.TimedOut(Function.Timeout), destroy: false);
            return;
        }
        PlatformLines.InitReport(_log, _services.Time.GetElapsedTime(_initStarted), "init", "timeout", null);
        var bound = _owner.BindSecondTry(this);
        ClosePipes();
        if (bound is not null)
            BeginInvocation(bound, 0);
        _ = ResetAsync(_sandbox!);
    }

    private async Task ResetAsync(ISandbox sandbox)
    {
        try
        {
            await sandbox.ResetAsync(CancellationToken.None);
            _services.Loop.Post(() => OnResetDone(sandbox));
        }
        catch (Exception e)
        {
            _services.Log.LogInformation("Instance {Id} of {Function} cannot be reset and is replaced: {Cause}", Id, Function.Name, e.Message);
            _services.Loop.Post(OnResetFailed);
        }
    }

    private void OnResetDone(ISandbox sandbox)
    {
        if (State != InstanceState.Resetting)
            return;
        OpenPipes(sandbox);
        if (Current is { } bound)
        {
            _owner.OnReset(this);
            StartInitClock(Function.Timeout - _services.Time.GetElapsedTime(bound.StartedAt));
        }
        else if (_owner.OnReset(this))
        {
            BeginInit();
        }
    }

    private void OnResetFailed()
    {
        if (State != InstanceState.Resetting)
            return;
        var bound = _owner.Interrupt(this, destroy: true);
        Destroy();
        if (bound is null)
            return;
        var failure = RuntimeFailure.Platform("The sandbox was lost while it was started again; try again.");
        _reporter.Report(bound, _sandbox, failure.Status, failure.ReportStatus, failure.ReportErrorType);
        _owner.Complete(bound, failure.ToResult(bound.RequestIdText));
    }

    private void OnExited(int generation, RuntimeExit exit)
    {
        if (generation == _generation && EndFarewell())
            return;
        if (generation != _generation || State is InstanceState.Stopping or InstanceState.Gone or InstanceState.Resetting)
            return;
        _exited = true;
        _endedAt = 0;
        // What it wrote before it died counts: an answer is an answer.
        _link!.ReadRest();
        if (State is InstanceState.Stopping or InstanceState.Gone or InstanceState.Resetting || generation != _generation)
            return;
        if (_link.IsPaused)
        {
            _waitingExit = exit;
            return;
        }
        var failure = exit.SandboxLost && !exit.OutOfMemory
            ? RuntimeFailure.Platform("The sandbox was lost with the process that keeps it; try again.")
            : RuntimeFailure.Exited(exit);
        // A runtime that dies before it is given anything would do so for ever.
        GiveUp(failure, destroy: exit.SandboxLost || State == InstanceState.Bare, unread: _notTaken || _link.IsCut);
    }

    private void FailCurrentOnShutdown()
    {
        if (Current is not { } invocation)
            return;
        Current = null;
        if (CloseAnswered(invocation))
            return;
        var failure = RuntimeFailure.Platform("The node is stopping and could not wait for this invocation any longer.");
        if (invocation.Stage == InvocationStage.Dispatched)
            _reporter.Report(invocation, _sandbox, failure.Status, failure.ReportStatus, failure.ReportErrorType);
        _owner.Complete(invocation, failure.ToResult(invocation.RequestIdText));
    }

    private void Destroy()
    {
        if (Interlocked.Exchange(ref _destroying, 1) != 0)
            return;
        _ = DestroyAsync(_sandbox!);
    }

    private async Task DestroyAsync(ISandbox sandbox)
    {
        try
        {
            await sandbox.DestroyAsync();
        }
        catch (Exception e)
        {
            _services.Log.LogError("Sandbox {Id} of {Function} could not be removed: {Cause}", sandbox.Id, Function.Name, e.Message);
        }
        _owner.OnGone(this);
    }
}
