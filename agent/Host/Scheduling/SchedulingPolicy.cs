namespace Hearth.Agent.Scheduling;

/// <param name="MemoryBudgetMb">What all instances' settings together may reach.</param>
/// <param name="FreezeAfter">At the latest this long after an answer an instance stops running.</param>
/// <param name="EvictAfter">An instance that was idle this long is ended.</param>
internal sealed record PolicySettings(long MemoryBudgetMb, TimeSpan FreezeAfter, TimeSpan EvictAfter);

internal enum Placement
{
    /// <summary>There is room: start an instance.</summary>
    Start,

    /// <summary>An idle instance must go first.</summary>
    Evict,

    /// <summary>Room is being made already, or cannot be made now.</summary>
    Wait,

    /// <summary>It would not fit an empty machine.</summary>
    Never,
}

/// <param name="UsedMb">Settings of all instances that exist, those on their way out included.</param>
/// <param name="LeavingMb">Of those, what is on its way out.</param>
/// <param name="HasIdle">Whether anything could be evicted.</param>
internal readonly record struct MemoryState(long UsedMb, long LeavingMb, bool HasIdle);

/// <param name="IdleSince">Timestamp.</param>
/// <param name="MemoryMb">What its end would free.</param>
internal readonly record struct IdleCandidate(long IdleSince, int MemoryMb);

/// <summary>The rules, and nothing else: no locks, no instances, time injected.</summary>
internal interface ISchedulingPolicy
{
    Placement Place(in MemoryState memory, int neededMb);

    bool IsFreezeDue(long idleSince);

    bool IsEvictionDue(long idleSince);

    /// <returns>Index of the one to end.</returns>
    int ChooseVictim(ReadOnlySpan<IdleCandidate> candidates);

    /// <summary>An invocation that nobody can serve is told so after its function's own time limit.</summary>
    bool HasWaitedTooLong(long queuedAt, TimeSpan functionTimeout);
}

/// <summary>Newest idle first is the pool's order; here: start whenever there is room, evict the longest idle.</summary>
internal sealed class SchedulingPolicy(PolicySettings settings, TimeProvider time) : ISchedulingPolicy
{
    public Placement Place(in MemoryState memory, int neededMb)
    {
        if (neededMb > settings.MemoryBudgetMb)
            return Placement.Never;
        if (memory.UsedMb + neededMb <= settings.MemoryBudgetMb)
            return Placement.Start;
        if (memory.UsedMb - memory.LeavingMb + neededMb <= settings.MemoryBudgetMb)
            return Placement.Wait;
        return memory.HasIdle ? Placement.Evict : Placement.Wait;
    }

    public bool IsFreezeDue(long idleSince) => time.GetElapsedTime(idleSince) >= settings.FreezeAfter;

    public bool IsEvictionDue(long idleSince) => time.GetElapsedTime(idleSince) >= settings.EvictAfter;

    public int ChooseVictim(ReadOnlySpan<IdleCandidate> candidates)
    {
        var oldest = 0;
        for (var i = 1; i < candidates.Length; i++)
        {
            if (candidates[i].IdleSince < candidates[oldest].IdleSince)
                oldest = i;
        }
        return oldest;
    }

    public bool HasWaitedTooLong(long queuedAt, TimeSpan functionTimeout) => time.GetElapsedTime(queuedAt) >= functionTimeout;
}
