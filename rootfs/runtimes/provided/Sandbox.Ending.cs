using Hearth.Adapter.Api;
using Hearth.Adapter.Processes;
using Hearth.Wire;

namespace Hearth.Adapter;

// How a sandbox ends: told by the agent (spindown, timeout), or because a process of it ended (failure). With extensions there are two phases, as in AWS's
// rapid/shutdown.go: SIGTERM to the runtime and 30 % of the time, then SHUTDOWN to the extensions and the rest; whoever is left is killed.
internal sealed partial class Sandbox
{
    private const int Killed = 9, Terminated = 15;
    private const int InternalOnlyMs = 500, ExternalMs = 2000;
    private const double RuntimeShare = 0.3;

    private Action? _last;
    private Timed? _runtimeDeadline;
    private long _endBy;
    private string _endReason = "";
    private bool _extensionsTold;
    private string? _failure;

    /// <summary>How long this sandbox may live after Shutdown, in milliseconds (DG22, runtimes-extensions-api).</summary>
    private int ShutdownMs => _extensions.HasExternal ? ExternalMs : _extensions.All.Count > 0 ? InternalOnlyMs : 0;

    void Frames.IAgentOrders.OnShutdown(long deadlineUnixMs, string reason)
    {
        var left = deadlineUnixMs - DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        End(reason, Math.Clamp(left, 0, ShutdownMs), static () => { });
    }

    void Frames.IAgentOrders.OnAgentGone() => End("spindown", 0, static () => { });

    void IRuntimeEvents.OnRuntimeInitError(string errorType, byte[] body)
    {
        DrainOutputs();
        TellInitDone("error", errorType);
        // The extensions end first: with the frame the agent ends everything.
        End("failure", ShutdownMs, () => _agent.Error(0, errorType, fatal: true, body), keepRuntime: ShutdownMs == 0);
    }

    void IRuntimeEvents.OnRuntimeFatal(Frames.Invocation invocation, string errorType, byte[] body)
    {
        _failure = errorType;
        End("failure", ShutdownMs, () => _agent.Error(invocation.Id, errorType, fatal: true, body), keepRuntime: ShutdownMs == 0);
    }

    void IRuntimeEvents.OnRuntimeViolation(string cause)
    {
        if (_phase != Phase.Ending)
            FailBecauseOf("Runtime.ExitError", $"Runtime was stopped because it broke the protocol: {cause}");
    }

    void IExtensionEvents.OnExtensionError(Extension extension, string errorType)
    {
        if (_phase is Phase.Ending)
            return;
        FailBecauseOf(extension.State == ExtensionState.InitError ? "Extension.InitError" : "Extension.ExitError", errorType);
    }

    private void OnRuntimeEnded(ChildProcess process)
    {
        if (_phase == Phase.Ending)
        {
            if (_runtimeDeadline is { IsCancelled: false })
                TellExtensions();
            EndWhenAllHave();
            return;
        }
        // The adapter ends as the runtime did; the agent tells the caller.
        _end = process.End!.Value;
        _failure = "Runtime.ExitError";
        if (_phase is Phase.Starting or Phase.Initializing)
            TellInitDone("error", _failure);
        else if (ShutdownMs == 0)
            GiveBack();
        End("failure", ShutdownMs, static () => { });
    }

    /// <summary>Without extensions the agent sends the next event when it has an answer, perhaps to a runtime that ends instead of asking for it. With them it waits for Done.</summary>
    private void GiveBack()
    {
        _agent.StopReading();
        if (Function.Untaken is { } invocation)
            _agent.Error(invocation.Id, FrameLimits.NotTaken, fatal: true, []);
    }

    private void OnExtensionEnded(Extension extension, ChildProcess process)
    {
        if (_phase == Phase.Ending)
        {
            EndWhenAllHave();
            return;
        }
        var end = process.End!.Value;
        FailBecauseOf("Extension.Crash", end == default ? "exit code 0" : end.Describe());
    }

    /// <summary>Before InitDone: the agent makes the caller's answer of it.</summary>
    private void FailInit(string errorType, string cause)
    {
        _end = new ProcessEnd(1, 0);
        TellInitDone("error", errorType);
        End("failure", ShutdownMs, () => _agent.InitFailed(errorType, cause));
    }

    private void FailBecauseOf(string errorType, string cause)
    {
        if (_phase is Phase.Starting or Phase.Initializing)
        {
            FailInit(errorType, cause);
            return;
        }
        _end = new ProcessEnd(1, 0);
        _failure = errorType;
        var unanswered = _phase == Phase.Invoking && Function.State != RuntimeState.RuntimeResponseSentState ? _invocation : null;
        End("failure", ShutdownMs, () =>
        {
            // It may have been answered while the extensions were told.
            if (unanswered is { AnsweredAt: 0 } failed)
                _agent.Error(failed.Id, errorType, fatal: true, Texts.ErrorJson(errorType, $"RequestId: {failed.RequestId} Error: {cause}"));
        });
    }

    /// <param name="reason">spindown, timeout or failure.</param>
    /// <param name="milliseconds">Until the rest is killed.</param>
    /// <param name="last">Done when all have ended, before this program does.</param>
    /// <param name="keepRuntime">It is given the time to end by itself: it has said that it will.</param>
    private void End(string reason, long milliseconds, Action last, bool keepRuntime = false)
    {
        if (_phase == Phase.Ending)
            return;
        _phase = Phase.Ending;
        _endReason = reason;
        if (_invocation is not null)
            TellRuntimeDone(reason == "timeout" ? "timeout" : "failure", reason == "timeout" ? "Sandbox.Timedout" : _failure);
        if (milliseconds <= 0)
        {
            DrainOutputs();
            last();
            if (keepRuntime && _runtime is { } kept)
            {
                if (kept.End is not { } ended)
                    return;
                _end = ended;
            }
            KillAll();
            _reactor.Stop();
            return;
        }
        _last = last;
        _endBy = Reactor.Now + milliseconds;
        _reactor.After(milliseconds, Finish);
        if (_runtime is { End: null } runtime)
        {
            runtime.Signal(Terminated);
            _runtimeDeadline = _reactor.After((long)(milliseconds * RuntimeShare), () =>
            {
                runtime.Signal(Killed);
                TellExtensions();
            });
        }
        else
        {
            TellExtensions();
        }
        EndWhenAllHave();
    }

    private void TellExtensions()
    {
        _runtimeDeadline?.Cancel();
        if (_extensionsTold)
            return;
        _extensionsTold = true;
        _telemetry.Flush();
        var deadline = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() + Math.Max(0, _endBy - Reactor.Now);
        foreach (var extension in _extensions.All.Where(static e => e.IsExternal))
        {
            if (extension.WantsShutdown && extension.State is ExtensionState.Ready or ExtensionState.Running or ExtensionState.Registered)
                extension.Give(ExtensionEventJson.Shutdown(deadline, _endReason));
            else
                extension.Process?.Signal(Killed);
        }
    }

    private void EndWhenAllHave()
    {
        if (_last is null)
        {
            // It had said that it cannot start, and has ended now.
            if (_runtime is { End: { } end })
            {
                _end = end;
                _reactor.Stop();
            }
            return;
        }
        if (_extensionsTold && _runtime is null or { End: not null } && _extensions.All.All(static e => e.Process is null or { End: not null }))
            Finish();
    }

    private void Finish()
    {
        if (_last is not { } last)
            return;
        _last = null;
        KillAll();
        DrainOutputs();
        last();
        _reactor.Stop();
    }

    private void KillAll()
    {
        _runtime?.Signal(Killed);
        foreach (var extension in _extensions.All)
            extension.Process?.Signal(Killed);
    }
}
