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

    public void Attach(IEventRunner agent)
    {
        lock (_gate)
            _runners.Add(new Runner(agent));
        Wake();
    }

    /// <summary>The agent is gone: what it had under way goes back to the queue.</summary>
    public void Detach(IEventRunner agent, string why)
    {
        Runner runner;
        lock (_gate)
        {
            if (_runners.FindIndex(r => r.Agent == agent) is not (>= 0 and var index))
                return;
            runner = _runners[index];
            _runners.RemoveAt(index);
        }

        RunOutcome lost = RunOutcome.Lost($"The agent went away: {why}");
        foreach (QueuedEvent e in runner.InFlight.Values.ToList())
            Returned(runner, e, lost);
        Wake();
    }

    /// <summary>Reports of events that are not under way at this agent change nothing.</summary>
    public void Completed(IEventRunner agent, long sequence, RunOutcome outcome)
    {
        Runner? runner;
        QueuedEvent? e;
        lock (_gate)
        {
            runner = _runners.Find(r => r.Agent == agent);
            if (runner is null || !runner.InFlight.TryGetValue(sequence, out e))
                return;
        }

        Returned(runner, e, outcome);
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
                runner = _runners.MinBy(r => r.InFlight.Count);
                e = runner is null || _inFlight >= _settings.MaxInFlight || _inFlightBytes >= _settings.MaxInFlightBytes ? null : _backlog.Take(clock);
                if (e is null || runner is null)
                    return Wait();
                Begin(e, runner, clock);
            }

            Hand(e, runner);
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
                // What was taken from the backlog and not handed out is still stored; it is tried again after the next start.
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

    private void Begin(QueuedEvent e, Runner runner, long clock)
    {
        e.SentAt = clock;
        runner.InFlight[e.Sequence] = e;
        _inFlight++;
        _inFlightBytes += e.Bytes;
        e.Function.InFlight++;
        e.Function.Window.Began(e.Function.InFlight, clock);
    }

    private void Hand(QueuedEvent e, Runner runner)
    {
        EventPolicy config = _configs.Of(e.Function.Name, e.Qualifier);
        if (EventRules.IsExpired(e, config, Now))
        {
            if (Leave(e, runner))
                End(e, EventConditions.EventAgeExceeded, config.OnFailure, null);
            return;
        }

        EventBody? body;
        try
        {
            body = e.Body ??= _store.ReadBody(e.Sequence);
        }
        catch (SqliteException failure)
        {
            _log.LogError("event {RequestId} cannot be read: {Cause}", e.RequestId, failure.Message);
            Returned(runner, e, RunOutcome.Refused(500, "ServiceException", $"The event cannot be read: {failure.Message}"));
            return;
        }

        if (body is null)
        {
            // Deleted with its function a moment ago.
            if (Leave(e, runner))
                Forget(e);
            return;
        }

        runner.Agent.Run(e, e.Function.Name, body, wantsResponse: config.OnSuccess is not null || config.OnFailure is not null);
    }

    private void Returned(Runner runner, QueuedEvent e, RunOutcome outcome)
    {
        lock (_gate)
        {
            long clock = Clock;
            FunctionQueue queue = e.Function;
            if (!Leave(e, runner))
                return;
            if (outcome.Ran)
                queue.Window.Ran(clock - e.SentAt, queue.Ready.Count, queue.InFlight, clock);
            else
                queue.Window.Refused(outcome.IsThrottled, clock);
        }

        Settle(e, outcome);
    }

    /// <returns>False when somebody else has taken it meanwhile, or nobody wants it any more.</returns>
    private bool Leave(QueuedEvent e, Runner runner)
    {
        lock (_gate)
        {
            if (!runner.InFlight.Remove(e.Sequence))
                return false;
            _inFlight--;
            _inFlightBytes -= e.Bytes;
            e.Function.InFlight--;
            if (!e.Function.IsDropped)
                return true;
            Uncache(e);
            return false;
        }
    }

    /// <summary>Events that no agent took in time, and dead letters that nobody wanted.</summary>
    private void Sweep()
    {
        long clock = Clock;
        if (clock >= _nextSweep)
        {
            _nextSweep = clock + SweepEveryMs;
            long now = Now;
            // Whoever holds the database is waited for here, not under the gate.
            _configs.Of("", null);
            List<QueuedEvent> expired;
            lock (_gate)
            {
                _backlog.Promote(now);
                expired = _backlog.TakeExpired(e => EventRules.IsExpired(e, _configs.Of(e.Function.Name, e.Qualifier), now));
            }

            foreach (QueuedEvent e in expired)
                End(e, EventConditions.EventAgeExceeded, _configs.Of(e.Function.Name, e.Qualifier).OnFailure, null);
        }

        if (clock < _nextDeadLetterSweep)
            return;
        _nextDeadLetterSweep = clock + (RemoveOldDeadLetters() ? SweepEveryMs : DeadLetterSweepMs);
    }
}
