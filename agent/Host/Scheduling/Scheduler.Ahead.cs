using Hearth.Agent.Sandboxes;

namespace Hearth.Agent.Scheduling;

// Instances that are initialised before anybody asks, since somebody soon will: spares of functions whose instances are all in use, and those of functions that are usually called about
// now. They come after whatever an event waits for, never take anybody's place, and are nobody's bill. Everything here is called under the gate.
internal sealed partial class Scheduler
{
    /// <summary>Those that were started ahead and not used yet.</summary>
    private int _ahead;

    private void StartAhead(ref PlannedWork work)
    {
        if (_settings.Policy.Spares == 0)
            return;
        foreach (var pool in _pools.Values)
        {
            if (pool.Instances.Count > 0)
                StartSpare(pool, ref work);
            else if (!pool.WasStartedAhead && _policy.IsStartAheadDue(pool.QuietSince, pool.IdleTimes.Pattern))
                pool.WasStartedAhead = TryStartAhead(pool, ColdReason.Predicted, ref work);
        }
    }

    private void StartSpare(FunctionPool pool, ref PlannedWork work)
    {
        if (_policy.IsSpareWorthwhile(new SpareDemand(pool.Idle.Count + pool.Starting, pool.Busy, pool.CrowdedLately(_services.Time), pool.Start.Value)))
            TryStartAhead(pool, ColdReason.Spare, ref work);
    }

    private bool TryStartAhead(FunctionPool pool, ColdReason reason, ref PlannedWork work)
    {
        if (_stopping || _waiting > 0 || _brake != MemoryBrake.Off || _ahead >= _settings.Policy.Spares || pool.IsRemoved || pool.HasInitFailed || pool.Provision.Count > 0
            || !_limits.HasRoomFor(pool.Use, pool.Instances.Count) || _instances.Count >= _settings.MaxConcurrency || !_starts.IsHalfFree())
            return false;
        // They make do with what is free: in replays of traces those that took another's place made more cold starts than they saved. As much stays free for an event that comes while it starts.
        if (_policy.Place(new MemoryState(_usedMb, _leavingMb, HasIdle: false), 2 * pool.Function.Spec.MemoryMb) != Placement.Start)
            return false;
        StartInstance(pool, ref work, reason);
        return true;
    }

    private void CountAsAhead(Instance instance, bool counts)
    {
        if (instance.CountsAsAhead == counts)
            return;
        instance.CountsAsAhead = counts;
        _ahead += counts ? 1 : -1;
    }

    private static bool IsAhead(ColdReason reason) => reason is ColdReason.Spare or ColdReason.Predicted;
}
