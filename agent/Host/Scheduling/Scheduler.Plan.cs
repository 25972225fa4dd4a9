using Hearth.Agent.Sandboxes;

namespace Hearth.Agent.Scheduling;

// Starting and stopping instances. Everything but Run is called under the gate.
internal sealed partial class Scheduler
{
    /// <summary>Instances for the invocations that wait, as many as serve them sooner than those that are there, and as far as memory allows.</summary>
    /// <param name="most">Starts; one that is refused counts for none.</param>
    /// <returns>True when it waits for room.</returns>
    private bool Plan(FunctionPool pool, ref PlannedWork work, int most = int.MaxValue)
    {
        while (pool.Waiting > pool.Starting && !pool.IsRemoved && most-- > 0)
        {
            if (!_policy.IsStartWorthwhile(UnservedOf(pool)))
            {
                _deferred = true; // the clock looks again
                return false;
            }
            if (pool.TakeBare() is { } bare)
            {
                Initialise(bare, ref work, ColdReason.Reset);
                continue;
            }
            if (!_starts.IsFree())
                return true; // the clock looks again
            switch (_policy.Place(new MemoryState(_usedMb, _leavingMb, HasIdle()), pool.Function.Spec.MemoryMb))
            {
                case Placement.Start:
                    StartInstance(pool, ref work, WhyCold(pool));
                    break;
                case Placement.Evict when ChooseVictim() is { } victim:
                    Stop(victim, ref work, ColdReason.Memory);
                    break;
                default:
                    return true;
            }
        }
        return false;
    }

    private UnservedQueue UnservedOf(FunctionPool pool) => new(
        pool.Waiting - pool.Starting, pool.Busy + pool.Starting, pool.ArrivalAt(pool.Starting) is { } arrival ? _services.Time.GetElapsedTime(arrival) : TimeSpan.Zero, pool.Owed,
        pool.Function.Timeout, pool.Service.Value, pool.Start.Value);

    /// <summary>There may be slots again: one start for each function that waits, then one more for each, so that many events of one function hold up no other's.</summary>
    private void PlanWaiting(ref PlannedWork work)
    {
        var waiting = _pools.Values.Where(static p => p.Waiting > p.Starting).OrderBy(static p => p.Peek()?.QueuedAt ?? long.MaxValue).ToList();
        while (waiting.Count > 0 && _starts.IsFree())
        {
            for (var i = 0; i < waiting.Count;)
            {
                var before = waiting[i].Starting;
                Plan(waiting[i], ref work, most: 1);
                // Started, and more to do: it is asked again after the others. Else nothing more can be done for it now.
                if (waiting[i].Starting > before && waiting[i].Waiting > waiting[i].Starting)
                    i++;
                else
                    waiting.RemoveAt(i);
            }
        }
    }

    /// <summary>Room was made: those that wait get it in the order in which they came.</summary>
    private void PlanAll(ref PlannedWork work)
    {
        if (_waiting == 0)
            return;
        foreach (var pool in _pools.Values.Where(static p => p.Waiting > p.Starting).OrderBy(static p => p.Peek()?.QueuedAt ?? long.MaxValue).ToList())
        {
            if (Plan(pool, ref work))
                return; // a smaller one behind it must not take what this one waits for
        }
    }

    private static ColdReason WhyCold(FunctionPool pool) => pool.Busy + pool.Starting > 0 ? ColdReason.Busy : pool.WhyNone;

    private void Initialise(Instance bare, ref PlannedWork work, ColdReason reason)
    {
        bare.SetState(InstanceState.Init);
        Began(bare, reason);
        // Nobody waits for one that is provisioned: it may take minutes.
        SetStarting(bare, reason != ColdReason.Provisioned);
        (work.Initialise ??= []).Add(bare);
    }

    private void Began(Instance bare, ColdReason reason)
    {
        bare.BeginAnew(reason);
        _started[(int)reason]++;
    }

    private void StartInstance(FunctionPool pool, ref PlannedWork work, ColdReason reason)
    {
        var instance = new Instance(pool, this, _services, reason);
        _started[(int)reason]++;
        CountAsAhead(instance, IsAhead(reason));
        pool.Instances.Add(instance);
        _instances.Add(instance);
        _usedMb += instance.MemoryMb;
        _starts.Take(instance);
        pool.Settle();
        if (!instance.IsProvisioned)
            SetStarting(instance, true);
        (work.Start ??= []).Add(instance);
    }

    private void Stop(Instance instance, ref PlannedWork work, ColdReason why)
    {
        instance.Pool.WhyNone = why;
        instance.Pool.RemoveIdle(instance);
        instance.SetState(InstanceState.Stopping);
        SetStarting(instance, false);
        _leavingMb += instance.MemoryMb;
        (work.Stop ??= []).Add(instance);
    }

    /// <summary>Of the revision before.</summary>
    private void StopIdle(FunctionPool pool, ref PlannedWork work)
    {
        if (pool.Instances.Count > 0)
            pool.WhyNone = ColdReason.Updated;
        foreach (var instance in pool.Idle.ToArray())
            Stop(instance, ref work, ColdReason.Updated);
    }

    private static void SetStarting(Instance instance, bool starting)
    {
        if (instance.CountsAsStarting == starting)
            return;
        instance.CountsAsStarting = starting;
        instance.Pool.Starting += starting ? 1 : -1;
    }

    private bool HasIdle()
    {
        foreach (var pool in _pools.Values)
        {
            if (pool.Idle.Count > 0 && IsSpare(pool))
                return true;
        }
        return false;
    }

    private Instance? ChooseVictim()
    {
        List<Instance> idle = [.. _pools.Values.Where(IsSpare).SelectMany(static p => p.Idle)];
        if (idle.Count == 0)
            return null;
        var candidates = new IdleCandidate[idle.Count];
        for (var i = 0; i < candidates.Length; i++)
            candidates[i] = new IdleCandidate(idle[i].IdleSince, idle[i].Worth);
        return idle[_policy.ChooseVictim(candidates)];
    }

    private void Run(in PlannedWork work)
    {
        if (work.IsEmpty)
            return;
        foreach (var instance in work.Start ?? [])
            _ = Task.Run(instance.StartAsync);
        foreach (var instance in work.Initialise ?? [])
            _services.Loop.Post(instance.BeginInit);
        foreach (var instance in work.Stop ?? [])
            _services.Loop.Post(instance.Shutdown);
        if (Volatile.Read(ref _ticking) == 0)
            StartTicking();
    }
}
