namespace Hearth.Agent.Scheduling;

/// <param name="MemoryBudgetMb">What all instances' settings together may reach.</param>
/// <param name="FreezeAfter">At the latest this long after an answer an instance stops running.</param>
/// <param name="EvictAfter">An instance that was idle this long is ended, unless its function's pattern says otherwise.</param>
/// <param name="Spares">Instances that were started ahead of need and not used yet, at most; 0 = none, and patterns are not looked at.</param>
internal sealed record PolicySettings(long MemoryBudgetMb, TimeSpan FreezeAfter, TimeSpan EvictAfter, int Spares = 0);

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
/// <param name="Worth">As it was when it became idle.</param>
internal readonly record struct IdleCandidate(long IdleSince, double Worth);

/// <summary>Invocations of a function for which no instance is idle or on its way.</summary>
/// <param name="Count">At least 1.</param>
/// <param name="Serving">Instances that are busy or on their way, each of which takes one after the other.</param>
/// <param name="Waited">How long the first of them has waited.</param>
/// <param name="Owed">How long others have waited for busy instances since the function's last start, all together.</param>
/// <param name="Timeout">The function's: who waits that long is refused.</param>
/// <param name="Service">What an invocation takes; null when none has ended yet.</param>
/// <param name="Start">What the start of an instance takes; null when none has.</param>
internal readonly record struct UnservedQueue(int Count, int Serving, TimeSpan Waited, TimeSpan Owed, TimeSpan Timeout, TimeSpan? Service, TimeSpan? Start);

/// <summary>The rules, and nothing else: no locks, no instances, time injected.</summary>
internal interface ISchedulingPolicy
{
    Placement Place(in MemoryState memory, int neededMb);

    /// <summary>Whether one more instance serves them sooner than those that are there.</summary>
    bool IsStartWorthwhile(in UnservedQueue queue);

    /// <inheritdoc cref="GreedyDual.Worth"/>
    double Worth(long uses, TimeSpan start, int memoryMb);

    bool IsFreezeDue(long idleSince);

    /// <inheritdoc cref="KeepAlive.IsEndDue"/>
    bool IsEndDue(in IdleInstance instance);

    /// <inheritdoc cref="KeepAlive.IsStartAheadDue"/>
    bool IsStartAheadDue(long? quietSince, IdlePattern? known);

    /// <inheritdoc cref="KeepAlive.IsSpareWorthwhile"/>
    bool IsSpareWorthwhile(in SpareDemand demand);

    /// <returns>Index of the one to end, because another needs its memory.</returns>
    int ChooseVictim(ReadOnlySpan<IdleCandidate> candidates);

    /// <summary>An invocation that nobody can serve is told so after its function's own time limit.</summary>
    bool HasWaitedTooLong(long queuedAt, TimeSpan functionTimeout);
}

/// <summary>Newest idle first is the pool's order; here: start when that is sooner than to wait and there is room, evict what is worth least.</summary>
internal sealed class SchedulingPolicy(PolicySettings settings, TimeProvider time) : ISchedulingPolicy
{
    private readonly GreedyDual _worths = new();
    private readonly KeepAlive _keepAlive = new(settings, time);

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

    public bool IsStartWorthwhile(in UnservedQueue queue)
    {
        if (queue.Serving == 0 || queue.Service is not { } service || queue.Start is not { } start)
            return true;
        // Whatever was expected: who waits as long as a start takes waits for at most twice what the better choice would have been, and for half of what it may at most. And what is saved by
        // not starting is saved once: when all together have waited as long as a start takes, there is one, as an instance serves those who come later, too.
        return service * queue.Count / queue.Serving >= start || queue.Waited >= start || queue.Waited >= queue.Timeout / 2 || queue.Owed >= start;
    }

    public double Worth(long uses, TimeSpan start, int memoryMb) => _worths.Worth(uses, start, memoryMb);

    public bool IsFreezeDue(long idleSince) => time.GetElapsedTime(idleSince) >= settings.FreezeAfter;

    public bool IsEndDue(in IdleInstance instance) => _keepAlive.IsEndDue(instance);

    public bool IsStartAheadDue(long? quietSince, IdlePattern? known) => _keepAlive.IsStartAheadDue(quietSince, known);

    public bool IsSpareWorthwhile(in SpareDemand demand) => _keepAlive.IsSpareWorthwhile(demand);

    public int ChooseVictim(ReadOnlySpan<IdleCandidate> candidates)
    {
        var least = 0;
        for (var i = 1; i < candidates.Length; i++)
        {
            if ((candidates[i].Worth, candidates[i].IdleSince).CompareTo((candidates[least].Worth, candidates[least].IdleSince)) < 0)
                least = i;
        }
        _worths.Evicted(candidates[least].Worth);
        return least;
    }

    public bool HasWaitedTooLong(long queuedAt, TimeSpan functionTimeout) => time.GetElapsedTime(queuedAt) >= functionTimeout;
}
