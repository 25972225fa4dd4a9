namespace Hearth.Agent.Scheduling;

/// <param name="IdleSince">Timestamp: when it was used last, or started ahead.</param>
/// <param name="QuietSince">Timestamp of the end of the function's last invocation; null while one is under way or none has been.</param>
/// <param name="IsLast">The one that would serve next; the others are surplus.</param>
/// <param name="IsUnused">Started ahead of need, and not needed so far.</param>
/// <param name="Pattern">Of the times for which its function is left alone; null = not known.</param>
internal readonly record struct IdleInstance(long IdleSince, long? QuietSince, bool IsLast, bool IsUnused, IdlePattern? Pattern);

/// <param name="Idle">Instances that could take an event now, or are about to.</param>
/// <param name="Busy">Those in use.</param>
/// <param name="Crowded">See <see cref="Crowding"/>.</param>
/// <param name="Start">What a start takes; null when none has been.</param>
internal readonly record struct SpareDemand(int Idle, int Busy, int Crowded, TimeSpan? Start);

/// <summary>
/// How long nobody's instance is kept and when one is there before anybody asks: a fixed time while nothing is known of a function, else what its histogram says (the hybrid policy of
/// "Serverless in the Wild"): ended once it is not called for a while, started again shortly before it is, kept until it is late.
/// </summary>
/// <param name="settings">With <see cref="PolicySettings.Spares"/> 0 the fixed time holds for all.</param>
internal sealed class KeepAlive(PolicySettings settings, TimeProvider time)
{
    // The paper's margins for a histogram that is not the future.
    private const double Early = 0.9;
    private const double Late = 1.1;
    private const int LongestFactor = 6;
    private static readonly TimeSpan s_clock = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan s_clockMargin = TimeSpan.FromSeconds(30);
    private const int FewestCrowded = 2;
    private static readonly TimeSpan s_shortestRest = TimeSpan.FromMinutes(4);
    private static readonly TimeSpan s_linger = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan s_spareAfter = TimeSpan.FromMinutes(2);

    // What starts faster is as good as warm, and a spare of it would only take memory.
    private static readonly TimeSpan s_leastStart = TimeSpan.FromMilliseconds(20);

    public bool IsEndDue(in IdleInstance instance)
    {
        var idle = time.GetElapsedTime(instance.IdleSince);
        if (settings.Spares == 0 || instance.Pattern is not { } pattern || instance.QuietSince is not { } since)
            return idle >= (instance.IsUnused ? Least(s_spareAfter) : settings.EvictAfter);
        var quiet = time.GetElapsedTime(since);
        var window = WindowOf(pattern);
        if (quiet >= window.From)
            return quiet >= window.Until || (!instance.IsLast && idle >= (instance.IsUnused ? Least(s_spareAfter) : settings.EvictAfter));
        return instance.IsUnused ? idle >= Least(s_spareAfter) : (IsClock(pattern) && quiet >= Least(s_linger)) || idle >= settings.EvictAfter;
    }

    /// <summary>Nothing of the function is there, and it is usually called about now.</summary>
    public bool IsStartAheadDue(long? quietSince, IdlePattern? known)
    {
        if (settings.Spares == 0 || quietSince is not { } since || known is not { } pattern)
            return false;
        var (from, until) = WindowOf(pattern);
        var quiet = time.GetElapsedTime(since);
        return from > TimeSpan.Zero && quiet >= from && quiet < until;
    }

    /// <summary>All are in use, which has happened before lately: the next event would wait or start one.</summary>
    public bool IsSpareWorthwhile(in SpareDemand demand) =>
        settings.Spares > 0 && demand.Idle == 0 && demand.Busy > 0 && demand.Crowded >= FewestCrowded && demand.Start >= s_leastStart;

    /// <summary>The part of a rest in which an instance is to be there. One that is started ahead is not kept for longer than any that nobody uses.</summary>
    private (TimeSpan From, TimeSpan Until) WindowOf(IdlePattern pattern)
    {
        var isClock = IsClock(pattern);
        var until = isClock ? pattern.Tail + s_clockMargin : pattern.Tail * Late;
        // Never for less than without a habit: calls that came quickly say nothing of the next rest.
        if (pattern.Head < s_shortestRest)
            return (TimeSpan.Zero, until < settings.EvictAfter ? settings.EvictAfter : Min(until, settings.EvictAfter * LongestFactor));
        var from = isClock ? pattern.Head - s_clockMargin : pattern.Head * Early;
        return (from, Min(until, from + settings.EvictAfter));
    }

    /// <summary>Its times lie in one bin or two beside each other. Of others a few readings say when it may be called, and not that it will not be before.</summary>
    private static bool IsClock(IdlePattern pattern) => pattern.Tail - pattern.Head <= s_clock;

    private TimeSpan Least(TimeSpan wanted) => Min(wanted, settings.EvictAfter);

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;
}
