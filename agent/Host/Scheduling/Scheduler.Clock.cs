using Hearth.Agent.Sandboxes;
using Hearth.Contracts;

namespace Hearth.Agent.Scheduling;

// Time: a fast tick on the loop's thread while anything runs, and a slow one that ends what nobody uses.
internal sealed partial class Scheduler
{
    private void StartTicking()
    {
        if (Interlocked.Exchange(ref _ticking, 1) == 0)
            _fast.Change(FastTick, Timeout.InfiniteTimeSpan);
    }

    private void PostTick() => _services.Loop.Post(Tick);

    private void Tick()
    {
        List<Invocation>? late = null;
        var work = new PlannedWork();
        lock (_gate)
        {
            if (_starts.Refused || _deferred)
            {
                _starts.Refused = _deferred = false;
                PlanWaiting(ref work);
            }
            _ticked.Clear();
            _ticked.AddRange(_instances);
            if (_waiting > 0)
                late = TakeLate();
        }
        Run(work);
        foreach (var invocation in late ?? [])
            invocation.Complete(InvocationResult.Refused(LambdaError.TooManyRequests("ConcurrentInvocationLimitExceeded")));
        var again = false;
        foreach (var instance in _ticked)
            again |= TickOne(instance);
        // Cleared before it is decided: who submits from here on starts the clock anew.
        Interlocked.Exchange(ref _ticking, 0);
        if (again || Volatile.Read(ref _waiting) > 0)
            StartTicking();
    }

    /// <summary>One instance whose clock fails is given up; those of the others go on.</summary>
    private bool TickOne(Instance instance)
    {
        try
        {
            return instance.Tick();
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            _services.Log.LogError(e, "The clock of instance {Id} of {Function} failed", instance.Id, instance.Function.Name);
            _services.Loop.Post(() => instance.OnViolation(e));
            return true;
        }
    }

    /// <summary>Invocations for which no instance is on its way, and that have waited as long as their function may run.</summary>
    private List<Invocation>? TakeLate()
    {
        List<Invocation>? late = null;
        foreach (var pool in _pools.Values)
        {
            while (pool.Waiting > pool.Starting && pool.Peek() is { } head && _policy.HasWaitedTooLong(head.QueuedAt, head.Function.Timeout))
            {
                Dequeue(pool);
                head.Stage = InvocationStage.Done;
                Finished(pool);
                (late ??= []).Add(head);
            }
        }
        return late;
    }

    private static IdleInstance Idle(Instance instance)
    {
        var pool = instance.Pool;
        return new IdleInstance(instance.IdleSince, pool.QuietSince, pool.Idle is [.., var last] && ReferenceEquals(last, instance), instance.CountsAsAhead, pool.IdleTimes.Pattern);
    }

    private void EvictIdle()
    {
        var work = new PlannedWork();
        var brake = ReadBrake();
        if (brake != MemoryBrake.Off && _brake == MemoryBrake.Off)
            _services.Log.LogWarning("This machine is short of memory: nothing is started ahead of need, and idle instances make room when it gets worse");
        else if (brake == MemoryBrake.Off && _brake != MemoryBrake.Off)
            _services.Log.LogInformation("This machine has memory again");
        lock (_gate)
        {
            Apply(brake, ref work);
            foreach (var instance in _instances)
            {
                if (instance.State is InstanceState.Idle or InstanceState.Frozen or InstanceState.Bare && !instance.HasExited && _policy.IsEndDue(Idle(instance)) && IsSpare(instance.Pool))
                    Stop(instance, ref work, ColdReason.Idle);
            }
            ProvideAll(ref work);
            StartAhead(ref work);
        }
        Run(work);
    }
}
