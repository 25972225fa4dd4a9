using Microsoft.Data.Sqlite;

namespace Hearth.ControlPlane.Queue;

// From the backlog to agents.
public sealed partial class EventQueue
{
    private const int SweepEveryMs = 5_000;
    private const int DeadLetterSweepMs = 600_000;
    private const int TickMs = 100;

    private readonly List<Runner> _runners = [];
    private readonly SemaphoreSlim _wake = new(0);
    private readonly CancellationTokenSource _stop = new();
    private Task _running = Task.CompletedTask;
    private int _woken;
    private int _inFlight;
    private long _inFlightBytes;
    private long _nextSweep;
    private long _nextDeadLetterSweep;

    /// <summary>Begins to hand out events; without it nothing happens but by <see cref="Pump"/>.</summary>
    public void Start() => _running = Task.Run(RunAsync);

    /// <summary>A newer stream of an agent replaces the older one, whose events are given back.</summary>
    public void Attach(IEventRunner agent, string agentId)
    {
        const string Why = "a newer stream of the same agent has replaced this one";
        Runner? replaced;
        List<QueuedEvent> lost;
        lock (_gate)
        {
            replaced = _runners.Find(r => r.AgentId == agentId);
            lost = replaced is null ? [] : Remove(replaced);
            _runners.Add(new Runner(agentId, agent));
        }

        replaced?.Agent.End(Why);
        GiveBack(lost, Why);
    }

    /// <summary>The agent is gone: what it had under way goes back to the queue.</summary>
    public void Detach(IEventRunner agent, string why)
    {
        List<QueuedEvent> lost;
        lock (_gate)
            lost = _runners.Find(r => r.Agent == agent) is { } runner ? Remove(runner) : [];
        GiveBack(lost, why);
    }

    /// <summary>Reports of events that are not under way at this agent change nothing.</summary>
    public void Completed(IEventRunner agent, long sequence, RunOutcome outcome)
    {
        QueuedEvent? e;
        lock (_gate)
        {
            Runner? runner = _runners.Find(r => r.Agent == agent);
            if (runner is null || !runner.InFlight.TryGetValue(sequence, out e))
                return;
            runner.Overdue = 0;
            if (!Leave(e, runner, outcome))
                return;
        }

        SettleOrKeep(e, outcome, agent);
        Wake();
    }

    /// <summary>Hands out what is due and has room.</summary>
    /// <returns>When to come again at the latest.</returns>
    public TimeSpan Pump()
    {
        Sweep();
        lock (_gate)
            _backlog.Tick(Clock);
        while (true)
        {
            QueuedEvent? e;
            Runner? runner;
            lock (_gate)
            {
                long clock = Clock;
                _backlog.Promote(Now);
                Runner? found = null;
                e = LeastBusy(null) is null ? null : _backlog.Take(clock, function => (found = LeastBusy(function)) is not null);
                runner = found;
                if (e is null || runner is null)
                    return Wait();
                Begin(e, runner, clock);
            }

            try
            {
                Hand(e, runner);
            }
            catch (Exception failure) when (failure is not OutOfMemoryException)
            {
                if (Leave(e, runner))
                    PutBack(e, failure);
            }
        }
    }

    private async Task RunAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            TimeSpan wait = TimeSpan.FromSeconds(1);
            try
            {
                wait = Pump();
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                _log.LogError(e, "handing out events failed");
            }

            await _wake.WaitAsync(wait);
            Volatile.Write(ref _woken, 0);
        }
    }

    private void Wake()
    {
        if (Interlocked.Exchange(ref _woken, 1) == 0)
            _wake.Release();
    }

    private TimeSpan Wait()
    {
        long wait = SweepEveryMs;
        if (_backlog.NextDue is { } due)
            wait = Math.Min(wait, due - Now);
        if (_backlog.HasReady && _runners.Count > 0)
            wait = Math.Min(wait, TickMs);
        return TimeSpan.FromMilliseconds(Math.Max(wait, 1));
    }

    /// <param name="of">Null: whoever's events they are.</param>
    private Runner? LeastBusy(FunctionQueue? of)
    {
        // As at each agent: one function has no more than is left for the others.
        if (_inFlight + (of?.InFlight ?? 0) >= _settings.MaxInFlight || _inFlightBytes + (of?.InFlightBytes ?? 0) >= _settings.MaxInFlightBytes)
            return null;
        Runner? least = null;
        foreach (Runner runner in _runners)
        {
            bool hasRoom = of is null ? runner.HasRoom(_settings) : runner.HasRoom(of, _settings);
            if (hasRoom && (least is null || runner.InFlight.Count + runner.Overdue < least.InFlight.Count + least.Overdue))
                least = runner;
        }

        return least;
    }

    private void Begin(QueuedEvent e, Runner runner, long clock)
    {
        e.SentAt = clock;
        e.Deadline = clock + (long)_settings.LongestRun.TotalMilliseconds;
        e.HeldBytes = e.Body?.Footprint ?? EventBody.LargestFootprint(e.Bytes);
        runner.Add(e);
        _inFlight++;
        _inFlightBytes += e.HeldBytes;
        e.Function.InFlight++;
        e.Function.InFlightBytes += e.HeldBytes;
        e.Function.Window.Began(e.Function.InFlight, clock);
    }

    private void Hand(QueuedEvent e, Runner runner)
    {
        EventPolicy policy = _policies.Of(e.Function.Name, e.Qualifier);
        string? condition = policy.IsClosed ? EventConditions.ZeroReservedConcurrency : EventRules.IsExpired(e, policy, Now) ? EventConditions.EventAgeExceeded : null;
        if (condition is not null)
        {
            if (Leave(e, runner))
                EndOrKeep(e, condition);
            return;
        }

        e.Deadline = e.SentAt + (long)EventRules.LongestTry(policy, _settings).TotalMilliseconds;
        EventBody? body;
        try
        {
            body = e.Body ??= _store.ReadBody(e.Sequence);
        }
        catch (SqliteException failure)
        {
            _log.LogError("event {RequestId} cannot be read: {Cause}", e.RequestId, failure.Message);
            Returned(e, runner, RunOutcome.Refused(500, "ServiceException", $"The event cannot be read: {failure.Message}"));
            return;
        }

        if (body is null)
        {
            // Deleted with its function a moment ago.
            if (Leave(e, runner))
                Conclude(e, [], null, null);
            return;
        }

        runner.Agent.Run(e, e.Function.Name, body, wantsResponse: policy.OnSuccess is not null || policy.OnFailure is not null);
    }

    private List<QueuedEvent> Remove(Runner runner)
    {
        _runners.Remove(runner);
        return runner.InFlight.Values.ToList().FindAll(e => Leave(e, runner, RunOutcome.Lost("")));
    }

    private void GiveBack(List<QueuedEvent> lost, string why)
    {
        RunOutcome outcome = RunOutcome.Lost($"The agent went away: {why}");
        foreach (QueuedEvent e in lost)
            SettleOrKeep(e, outcome, null);
        Wake();
    }

    private void Returned(QueuedEvent e, Runner runner, RunOutcome outcome)
    {
        if (Leave(e, runner, outcome))
            SettleOrKeep(e, outcome, null);
    }

    private bool Leave(QueuedEvent e, Runner runner, RunOutcome outcome)
    {
        lock (_gate)
        {
            if (!Leave(e, runner))
                return false;
            long clock = Clock;
            FunctionQueue queue = e.Function;
            if (outcome.Ran)
                queue.Window.Ran(clock - e.SentAt, queue.Ready.Count, queue.InFlight, clock);
            else
                queue.Window.Refused(outcome.IsThrottled, clock);
            return true;
        }
    }

    /// <returns>False when somebody else has taken it meanwhile, or nobody wants it any more.</returns>
    private bool Leave(QueuedEvent e, Runner runner)
    {
        lock (_gate)
        {
            if (!runner.Remove(e))
                return false;
            _inFlight--;
            _inFlightBytes -= e.HeldBytes;
            e.Function.InFlight--;
            e.Function.InFlightBytes -= e.HeldBytes;
            if (!e.Function.IsDropped)
                return true;
            Uncache(e);
            return false;
        }
    }

    /// <summary>What fails with one event is that event's: it is tried again, and the others go on.</summary>
    private void PutBack(QueuedEvent e, Exception failure)
    {
        _log.LogError(failure, "event {RequestId} of {Function} is put back", e.RequestId, e.Function.Name);
        lock (_gate)
        {
            Uncache(e);
            if (e.Function.IsDropped)
                return;
            e.DueUnixMs = Now + (long)_settings.FirstBackOff.TotalMilliseconds;
            _backlog.Add(e, Now);
        }
    }

    /// <summary>Events that no agent took or reported in time, and dead letters that nobody wanted.</summary>
    private void Sweep()
    {
        long clock = Clock;
        if (clock >= _nextSweep)
        {
            _nextSweep = clock + SweepEveryMs;
            EndExpired();
            TakeFromLateAgents(clock);
        }

        if (clock < _nextDeadLetterSweep)
            return;
        _nextDeadLetterSweep = clock + (RemoveOldDeadLetters() ? SweepEveryMs : DeadLetterSweepMs);
    }

    private void EndExpired()
    {
        long now = Now;
        List<QueuedEvent> expired;
        // There may be 250,000 of one function.
        (FunctionQueue? Of, string? Qualifier, EventPolicy Policy) last = (null, null, EventPolicy.Default);
        lock (_gate)
        {
            _backlog.Promote(now);
            expired = _backlog.TakeExpired(e =>
            {
                if (e.Function != last.Of || e.Qualifier != last.Qualifier)
                    last = (e.Function, e.Qualifier, _policies.Of(e.Function.Name, e.Qualifier));
                return EventRules.IsExpired(e, last.Policy, now);
            });
        }

        foreach (QueuedEvent e in expired)
            EndOrKeep(e, EventConditions.EventAgeExceeded);
    }

    private void TakeFromLateAgents(long clock)
    {
        List<(Runner Runner, List<QueuedEvent> Late)> all;
        lock (_gate)
            all = _runners.ConvertAll(r => (r, r.InFlight.Values.Where(e => clock >= e.Deadline).ToList()));
        foreach ((Runner runner, List<QueuedEvent> late) in all)
        {
            if (late.Count == 0)
                continue;
            _log.LogWarning("agent {Agent} did not report {Count} events in time; they are tried again", runner.AgentId, late.Count);
            lock (_gate)
                runner.Overdue += late.Count;
            RunOutcome outcome = RunOutcome.Lost("The agent did not report in time.");
            foreach (QueuedEvent e in late)
                Returned(e, runner, outcome);
        }
    }
}
