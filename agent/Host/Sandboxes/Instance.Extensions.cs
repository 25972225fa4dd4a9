using Hearth.Agent.Scheduling;
using Hearth.Contracts.V1;

namespace Hearth.Agent.Sandboxes;

// A sandbox with extensions, which its InitDone announced: its caller has the answer before the extensions are done with the event, and it is told before it is ended.
internal sealed partial class Instance
{
    // A process that got its deadline may need a moment to die by it.
    private static readonly TimeSpan FarewellSlack = TimeSpan.FromMilliseconds(50);
    private int _shutdownMs;
    private InvocationResult? _held;
    private bool _answeredWithError;
    private ITimer? _farewell;

    /// <summary>The runtime's answer. Who asked for the log waits for its end; END, REPORT and the journal come with Done in any case.</summary>
    private void Answer(Invocation invocation, in InvocationResult result)
    {
        _answeredWithError = result.IsFunctionError;
        if (invocation.Tail is null)
            invocation.Complete(result);
        else
            _held = result;
    }

    private InvocationResult? TakeHeld()
    {
        var held = _held;
        _held = null;
        return held;
    }

    /// <summary>Runtime and extensions want the next event.</summary>
    private void OnDone()
    {
        var invocation = Current!;
        ReportAnswered(invocation);
        var held = TakeHeld();
        var next = _owner.Release(this, invocation);
        if (held is { } result)
            invocation.Complete(result);
        Continue(next);
    }

    /// <summary>The node stops while extensions still work on an event whose caller has its answer.</summary>
    private bool CloseAnswered(Invocation invocation)
    {
        if (!invocation.IsAnswered && _held is null)
            return false;
        ReportAnswered(invocation);
        _owner.Complete(invocation, TakeHeld() ?? default);
        return true;
    }

    private void ReportAnswered(Invocation invocation)
    {
        _output?.Drain();
        _reporter.Report(invocation, _sandbox, _answeredWithError ? InvocationStatus.FunctionError : InvocationStatus.Success, null, null);
        Invocations++;
        LastUsed = _services.Time.GetUtcNow();
    }

    /// <summary>Shutdown to one that announced extensions; everybody else is killed at once.</summary>
    /// <param name="reason">spindown or timeout.</param>
    /// <returns>True when it has time until its end or its deadline; <see cref="TearDown"/> follows.</returns>
    private bool BidFarewell(string reason)
    {
        // Told already: it is to be reset after a time-out, and now its function goes as well.
        if (_farewell is not null)
            return true;
        if (_shutdownMs == 0 || _exited || _endedAt != 0 || _link is not { IsSending: false } link)
            return false;
        Thaw();
        var limit = TimeSpan.FromMilliseconds(_shutdownMs);
        link.SendShutdown((_services.Time.GetUtcNow() + limit).ToUnixTimeMilliseconds(), reason);
        // It may still be writing an answer that nobody waits for any more.
        link.Resume();
        _farewell = _services.Time.CreateTimer(static x => ((Instance)x!)._services.Loop.Post(() => ((Instance)x).EndFarewell()), this, limit + FarewellSlack, Timeout.InfiniteTimeSpan);
        return true;
    }

    private bool EndFarewell()
    {
        if (_farewell is not { } farewell)
            return false;
        _farewell = null;
        farewell.Dispose();
        TearDown();
        return true;
    }
}
