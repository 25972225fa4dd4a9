namespace Hearth.ControlPlane.Queue;

/// <summary>Lambda's words for why an event ended, as destinations and dead letters carry them.</summary>
public static class EventConditions
{
    public const string Success = "Success";
    public const string RetriesExhausted = "RetriesExhausted";
    public const string EventAgeExceeded = "EventAgeExceeded";

    /// <summary>The function's reserved concurrency is zero: Lambda does not try then (developer guide, "Configuring reserved concurrency").</summary>
    public const string ZeroReservedConcurrency = "ZeroReservedConcurrency";
}

/// <param name="Condition">Null: another try at <paramref name="DueUnixMs"/>.</param>
/// <param name="Tries">Of the event from now on.</param>
/// <param name="Refusals">Of the event from now on.</param>
public readonly record struct Verdict(string? Condition, long DueUnixMs, int Tries, int Refusals);

/// <summary>
/// What comes after a try. Developer guide, "Asynchronous invocation": an error of the function is tried twice more, after one and two minutes; throttles (429)
/// and system errors (5xx) go back to the queue, with exponential back-off from 1 second to 5 minutes, until the event is too old. Either kind ends at the maximum age.
/// </summary>
public static class EventRules
{
    public static Verdict Judge(QueuedEvent e, RunOutcome outcome, EventPolicy config, QueueSettings settings, long now)
    {
        if (outcome.IsSuccess)
            return new Verdict(EventConditions.Success, 0, e.Tries, e.Refusals);
        int tries = e.Tries + (outcome.Ran ? 1 : 0);
        int refusals = e.Refusals + (outcome.Ran ? 0 : 1);
        if (outcome.Ran && tries > config.MaxRetries)
            return new Verdict(EventConditions.RetriesExhausted, 0, tries, refusals);
        TimeSpan wait = outcome.Ran ? RetryDelay(tries, settings) : BackOff(refusals, settings);
        long due = now + (long)wait.TotalMilliseconds;
        return due > Expiry(e, config) ? new Verdict(EventConditions.EventAgeExceeded, 0, tries, refusals) : new Verdict(null, due, tries, refusals);
    }

    public static bool IsExpired(QueuedEvent e, EventPolicy config, long now) => now > Expiry(e, config);

    /// <summary>How long a try may be under way before its agent is not waited for any more: it may wait for an instance as long as it may run.</summary>
    public static TimeSpan LongestTry(EventPolicy policy, QueueSettings settings)
    {
        TimeSpan allowed = (2 * policy.Timeout) + settings.AgentTime;
        return allowed < settings.LongestRun ? allowed : settings.LongestRun;
    }

    private static long Expiry(QueuedEvent e, EventPolicy config) => e.AcceptedUnixMs + (long)config.MaxAge.TotalMilliseconds;

    private static TimeSpan RetryDelay(int tries, QueueSettings settings) => settings.RetryDelays[Math.Min(tries, settings.RetryDelays.Count) - 1];

    private static TimeSpan BackOff(int refusals, QueueSettings settings)
    {
        // 2^20 seconds is above any longest one.
        TimeSpan wait = settings.FirstBackOff * (1L << Math.Min(refusals - 1, 20));
        return wait < settings.LongestBackOff ? wait : settings.LongestBackOff;
    }
}
