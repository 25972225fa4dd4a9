using Hearth.Agent.Sandboxes;
using Hearth.Contracts;

namespace Hearth.Agent.Scheduling;

// What instances report. Called by the loop's thread, or by the thread pool for starts and ends.
internal sealed partial class Scheduler
{
    private static readonly TimeSpan s_unknownStart = TimeSpan.FromMilliseconds(100);

    bool IInstanceOwner.OnAttached(Instance instance)
    {
        lock (_gate)
        {
            if (instance.State != InstanceState.Starting)
                return false;
            instance.SetState(InstanceState.Init);
            return true;
        }
    }

    void IInstanceOwner.OnCodeThere(Instance instance)
    {
        lock (_gate)
            instance.BeginStart();
    }

    void IInstanceOwner.OnStartFailed(Instance instance, LambdaError error)
    {
        Invocation? told = null;
        lock (_gate)
        {
            instance.Pool.HasInitFailed = true;
            if (instance.IsProvisioned)
                instance.Pool.Provision.Failed(_services.Time);
            else
                told = Dequeue(instance.Pool);
            if (told is not null)
            {
                told.Stage = InvocationStage.Done;
                Finished(instance.Pool);
            }
        }
        told?.Complete(InvocationResult.Refused(error));
        Gone(instance);
    }

    Invocation? IInstanceOwner.Release(Instance instance, Invocation? finished)
    {
        var work = new PlannedWork();
        Invocation? next = null;
        lock (_gate)
        {
            if (finished is not null)
                instance.Pool.Service.Add(_services.Time.GetElapsedTime(finished.StartedAt));
            else if (instance.TakeStartBegan() is { } began)
                instance.Pool.Start.Add(_services.Time.GetElapsedTime(began));
            SetStarting(instance, false);
            instance.Current = null;
            instance.Pool.HasInitFailed &= finished is not null;
            if (instance.IsProvisioned && finished is null)
                instance.Pool.Provision.Succeeded();
            if (finished is not null)
            {
                finished.Stage = InvocationStage.Done;
                Finished(instance.Pool);
            }
            if (instance.State == InstanceState.Stopping)
                return null;
            if (IsStale(instance))
            {
                Stop(instance, ref work, ColdReason.Updated);
            }
            else if (!instance.HasExited && (next = Dequeue(instance.Pool)) is not null)
            {
                if (finished is not null)
                    instance.Pool.Owe(_services.Time.GetElapsedTime(next.QueuedAt), _services.Time);
                Claim(instance, next);
                if (instance.Pool.Waiting > instance.Pool.Starting)
                    Plan(instance.Pool, ref work);
                else if (finished is null)
                    StartSpare(instance.Pool, ref work);
            }
            else
            {
                instance.SetState(InstanceState.Idle);
                instance.IdleSince = _services.Time.GetTimestamp();
                instance.Worth = WorthOf(instance);
                // One that died is not lent out; the word of its end is being handled.
                if (!instance.HasExited)
                    instance.Pool.AddIdle(instance);
                PlanAll(ref work);
            }
        }
        Run(work);
        return next;
    }

    void IInstanceOwner.OnBoundInit(Instance instance)
    {
        lock (_gate)
        {
            instance.Pool.HasInitFailed = false;
            if (instance.State == InstanceState.Init)
                instance.SetState(InstanceState.Busy);
        }
    }

    Invocation? IInstanceOwner.Interrupt(Instance instance, bool destroy)
    {
        Invocation? invocation;
        var work = new PlannedWork();
        lock (_gate)
        {
            invocation = instance.Current;
            instance.Current = null;
            if (invocation is null && instance.CountsAsStarting && instance.State == InstanceState.Init)
            {
                invocation = Dequeue(instance.Pool);
                if (invocation is not null)
                    invocation.Stage = InvocationStage.Claimed;
            }
            SetStarting(instance, false);
            CountAsAhead(instance, false);
            instance.Pool.HasInitFailed |= instance.State == InstanceState.Init;
            // What it takes after a failure is not what a start takes.
            _ = instance.TakeStartBegan();
            if (instance.IsProvisioned && instance.State == InstanceState.Init)
                instance.Pool.Provision.Failed(_services.Time);
            if (instance.State is InstanceState.Stopping or InstanceState.Gone)
                return invocation;
            instance.Pool.RemoveIdle(instance);
            if (destroy || _stopping || IsStale(instance))
            {
                instance.SetState(InstanceState.Stopping);
                _leavingMb += instance.MemoryMb;
                // A stale one's end leaves none of the new revision missing.
                if (!IsStale(instance))
                    instance.Pool.WhyNone = ColdReason.Lost;
            }
            else
            {
                // It is back within a second, most often in some ms, with its /tmp: the next event waits for it rather than for a new sandbox.
                instance.SetState(InstanceState.Resetting);
                SetStarting(instance, true);
            }
            PlanAll(ref work);
        }
        Run(work);
        return invocation;
    }

    Invocation? IInstanceOwner.BindSecondTry(Instance instance)
    {
        lock (_gate)
        {
            SetStarting(instance, false);
            CountAsAhead(instance, false);
            instance.Pool.HasInitFailed = true;
            _ = instance.TakeStartBegan();
            var invocation = Dequeue(instance.Pool);
            if (invocation is not null)
                invocation.Stage = InvocationStage.Claimed;
            instance.Current = invocation;
            instance.SetState(InstanceState.Resetting);
            return invocation;
        }
    }

    bool IInstanceOwner.OnReset(Instance instance)
    {
        var work = new PlannedWork();
        var initialise = false;
        lock (_gate)
        {
            if (instance.State != InstanceState.Resetting)
                return false;
            if (instance.Current is not null)
            {
                instance.SetState(InstanceState.Init);
                return true;
            }
            SetStarting(instance, false);
            instance.SetState(InstanceState.Bare);
            instance.IdleSince = _services.Time.GetTimestamp();
            instance.Worth = WorthOf(instance);
            if (IsStale(instance) || _stopping)
            {
                Stop(instance, ref work, ColdReason.Updated);
            }
            else if (instance.Pool.Waiting > instance.Pool.Starting)
            {
                instance.SetState(InstanceState.Init);
                SetStarting(instance, true);
                Began(instance, ColdReason.Reset);
                initialise = true;
            }
            else
            {
                instance.Pool.AddIdle(instance);
                PlanAll(ref work);
            }
        }
        Run(work);
        return initialise;
    }

    void IInstanceOwner.Requeue(Invocation invocation)
    {
        var work = new PlannedWork();
        var removed = false;
        Instance? warm = null;
        lock (_gate)
        {
            var pool = invocation.Pool!;
            removed = pool.IsRemoved;
            if (removed)
            {
                invocation.Stage = InvocationStage.Done;
                Finished(pool);
            }
            else if ((warm = pool.TakeWarm()) is not null)
            {
                Claim(warm, invocation);
            }
            else
            {
                Enqueue(pool, invocation, ref work);
            }
        }
        warm?.Dispatch(invocation);
        Run(work);
        if (removed)
            invocation.Complete(InvocationResult.Refused(LambdaError.FunctionNotFound(invocation.InvokedArn)));
    }

    void IInstanceOwner.Complete(Invocation invocation, in InvocationResult result)
    {
        lock (_gate)
        {
            invocation.Stage = InvocationStage.Done;
            Finished(invocation.Pool!);
        }
        invocation.Complete(result);
    }

    bool IInstanceOwner.TryFreeze(Instance instance)
    {
        lock (_gate)
        {
            if (instance.State != InstanceState.Idle || instance.HasExited || !_policy.IsFreezeDue(instance.IdleSince))
                return false;
            instance.SetState(InstanceState.Frozen);
            return true;
        }
    }

    void IInstanceOwner.OnGone(Instance instance) => Gone(instance);

    private void Gone(Instance instance)
    {
        var work = new PlannedWork();
        lock (_gate)
        {
            if (instance.State == InstanceState.Gone)
                return;
            if (instance.State == InstanceState.Stopping)
                _leavingMb -= instance.MemoryMb;
            SetStarting(instance, false);
            CountAsAhead(instance, false);
            instance.SetState(InstanceState.Gone);
            instance.Pool.Instances.Remove(instance);
            _instances.Remove(instance);
            _usedMb -= instance.MemoryMb;
            PlanAll(ref work);
            Provide(instance.Pool, ref work);
            if (_instances.Count == 0)
                _emptied?.TrySetResult();
        }
        Run(work);
        InstanceGone?.Invoke();
    }

    private double WorthOf(Instance instance) => _policy.Worth(instance.Invocations, instance.Pool.Start.Value ?? s_unknownStart, Math.Max(1, instance.MemoryMb));

    private static bool IsStale(Instance instance) => instance.Pool.IsRemoved || !ReferenceEquals(instance.Function, instance.Pool.Function);
}
