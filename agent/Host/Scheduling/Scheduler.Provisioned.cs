using Hearth.Agent.Functions;
using Hearth.Agent.Sandboxes;
using Hearth.Contracts.V1;

namespace Hearth.Agent.Scheduling;

// Instances that are started before anybody asks, and that no eviction takes.
internal sealed partial class Scheduler
{
    /// <summary>Keeps so many initialised instances of a version.</summary>
    /// <param name="count">0 = none; those that are there age like others then.</param>
    public void KeepProvisioned(FunctionRevision function, int count)
    {
        var work = new PlannedWork();
        lock (_gate)
        {
            if (PoolOf(function) is not { } pool)
                return;
            pool.Provision.Count = count;
            pool.Provision.Succeeded();
            Provide(pool, ref work);
        }
        Run(work);
    }

    /// <summary>Starts what is missing, as far as memory allows. Under the gate.</summary>
    private void Provide(FunctionPool pool, ref PlannedWork work)
    {
        while (!_stopping && !pool.IsRemoved && Ready(pool) < pool.Provision.Count && pool.Provision.MayStart(_services.Time))
        {
            // Its init failed before, or its runtime ended.
            if (pool.TakeBare() is { } bare)
            {
                Initialise(bare, ref work, ColdReason.Provisioned);
                continue;
            }
            if (!_starts.IsFree())
                return;
            switch (Kept(pool) >= pool.Provision.Count ? Placement.Wait : _policy.Place(new MemoryState(_usedMb, _leavingMb, HasIdle()), pool.Function.Spec.MemoryMb))
            {
                case Placement.Start:
                    StartInstance(pool, ref work, ColdReason.Provisioned);
                    break;
                case Placement.Evict when ChooseVictim() is { } victim:
                    Stop(victim, ref work, ColdReason.Memory);
                    break;
                default:
                    return;
            }
        }
    }

    private void ProvideAll(ref PlannedWork work)
    {
        foreach (var pool in _pools.Values)
            Provide(pool, ref work);
    }

    /// <summary>Of the current revision, on their way or there.</summary>
    private static int Kept(FunctionPool pool) => pool.Instances.Count(i => ReferenceEquals(i.Function, pool.Function) && i.State is not (InstanceState.Stopping or InstanceState.Gone));

    /// <summary>Those that are initialised or will be.</summary>
    private static int Ready(FunctionPool pool) => pool.Provision.Count == 0 ? 0 : Kept(pool) - pool.Instances.Count(static i => i.State == InstanceState.Bare);

    /// <summary>No eviction takes what a function has provisioned.</summary>
    private static bool IsSpare(FunctionPool pool) => pool.Provision.Count == 0 || Kept(pool) > pool.Provision.Count;

    private IEnumerable<ProvisionedState> DescribeProvisioned() => _pools.Values.Where(static p => p.Provision.Count > 0).Select(static p => new ProvisionedState
    {
        FunctionName = p.Function.Name,
        Version = p.Function.Version,
        Allocated = Math.Min(Kept(p), p.Provision.Count),
        Available = Math.Min(p.Instances.Count(i => ReferenceEquals(i.Function, p.Function) && i.State is InstanceState.Idle or InstanceState.Frozen or InstanceState.Busy), p.Provision.Count),
        Failed = p.Provision.HasFailed,
    });
}
