using Hearth.Agent.Functions;
using Hearth.Agent.Sandboxes;
using Hearth.Contracts;

namespace Hearth.Agent.Scheduling;

/// <summary>
/// Which instance gets which invocation. One gate guards pools, queues and the states of all instances; nothing that blocks is done under it.
/// An invocation that finds an idle instance is written to its pipe by the thread that brought it.
/// </summary>
internal sealed partial class Scheduler : IInstanceOwner, IDisposable
{
    private static readonly TimeSpan FastTick = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan SlowTick = TimeSpan.FromSeconds(1);
    private const int StartsPerProcessor = 8;

    // Longer while its sandbox is made, which only what runs beside it slows down: given up after half a second, hundreds that come at once would all be made at once on a slow machine, and none of
    // them in time. An init may wait for something else.
    private static readonly TimeSpan s_sandboxHeld = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan s_initHeld = TimeSpan.FromSeconds(1);
    private readonly Lock _gate = new();
    private readonly Dictionary<FunctionKey, FunctionPool> _pools = [];
    private readonly HashSet<Instance> _instances = [];
    private readonly InstanceServices _services;
    private readonly SchedulerSettings _settings;
    private readonly ISchedulingPolicy _policy;
    private readonly ITimer _fast;
    private readonly ITimer _slow;
    private readonly List<Instance> _ticked = [];
    private readonly ConcurrencyLimits _limits;
    private readonly StartSlots<Instance> _starts;
    private readonly long[] _started = new long[ColdReasons.Count];
    private long _usedMb;
    private long _leavingMb;
    private int _inFlight;
    private int _waiting;
    private int _ticking;
    private long _invocations;
    private bool _stopping;

    /// <summary>Invocations wait for instances that are busy, since that seemed sooner than a start.</summary>
    private bool _deferred;
    private TaskCompletionSource? _drained;
    private TaskCompletionSource? _emptied;

    public Scheduler(InstanceServices services, SchedulerSettings settings, ISchedulingPolicy policy)
    {
        _services = services;
        _settings = settings;
        _policy = policy;
        _starts = new StartSlots<Instance>(StartsPerProcessor * Environment.ProcessorCount, static i => i.State == InstanceState.Starting ? s_sandboxHeld : s_initHeld, static i => i.State is InstanceState.Starting or InstanceState.Init, services.Time);
        _limits = new ConcurrencyLimits(settings.MaxConcurrency, settings.BurstRate, services.Time, settings.Answers);
        _fast = services.Time.CreateTimer(static x => ((Scheduler)x!).PostTick(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _slow = services.Time.CreateTimer(static x => ((Scheduler)x!).EvictIdle(), this, SlowTick, SlowTick);
    }

    /// <summary>Told, outside the gate, when an instance is gone: code may be unused now.</summary>
    public Action? InstanceGone { get; set; }

    /// <summary>The revision that a key means now, or null when it is gone. Asked when a pool is made: who brings the invocation looked before the event's body came, and
    /// of a change in between only pools that were there have been told. Null: the invocation's own.</summary>
    public Func<FunctionKey, FunctionRevision?>? Current { get; set; }

    /// <summary>Takes the invocation in; await its Completion.</summary>
    /// <returns>Null when it was taken; else why not.</returns>
    public LambdaError? Submit(Invocation invocation)
    {
        Instance? warm;
        var work = new PlannedWork();
        lock (_gate)
        {
            if (_stopping)
                return LambdaError.Service("This node is stopping; try again.", 503);
            if (PoolOf(invocation.Function) is not { } pool)
                return LambdaError.FunctionNotFound(invocation.InvokedArn);
            if (_limits.Refusal(pool.Use) is { } refusal)
                return refusal;
            if (invocation.Function.Spec.MemoryMb > 0 && _policy.Place(new MemoryState(0, 0, false), invocation.Function.Spec.MemoryMb) == Placement.Never)
                return LambdaError.Service(
                    $"Function {invocation.Function.Name} needs {invocation.Function.Spec.MemoryMb} MB and this node may use {_settings.Policy.MemoryBudgetMb} MB in all; raise --memory-budget-mb.");
            invocation.Pool = pool;
            invocation.QueuedAt = _services.Time.GetTimestamp();
            _inFlight++;
            _limits.Enter(pool.Use);
            pool.Enter(_services.Time);
            warm = pool.TakeWarm();
            var isCrowded = warm is null ? pool.Busy + pool.Starting > 0 : pool.Busy > 0 && pool.Idle.Count == 0;
            if (warm is not null)
                Claim(warm, invocation);
            else
                Enqueue(pool, invocation, ref work);
            if (isCrowded)
            {
                pool.Crowd(_services.Time);
                StartSpare(pool, ref work);
            }
        }
        if (Volatile.Read(ref _ticking) == 0)
            StartTicking();
        warm?.Dispatch(invocation);
        Run(work);
        return null;
    }

    /// <summary>The caller left: an invocation that still waits is dropped; one that runs is finished, as Lambda does.</summary>
    public void Abandon(Invocation invocation)
    {
        lock (_gate)
        {
            if (invocation.Pool is not { } pool || !pool.Abandon(invocation))
                return;
            _waiting--;
            Finished(pool);
        }
        invocation.Complete(InvocationResult.Refused(LambdaError.TooManyRequests("ConcurrentInvocationLimitExceeded")));
    }

    /// <summary>The catalogue changed: instances of what is gone finish what they do and end.</summary>
    public void OnCatalogueChanged(IReadOnlyList<FunctionRevision> fresh, IReadOnlyList<FunctionKey> gone)
    {
        var work = new PlannedWork();
        List<Invocation> orphans = [];
        lock (_gate)
        {
            foreach (var function in fresh)
            {
                if (!_pools.TryGetValue(function.Key, out var pool))
                    continue;
                pool.Function = function;
                pool.HasInitFailed = false;
                Outdate(pool);
                StopIdle(pool, ref work);
                Plan(pool, ref work);
                Provide(pool, ref work);
            }
            foreach (var key in gone)
            {
                if (fresh.Any(f => f.Key == key) || !_pools.Remove(key, out var pool))
                    continue;
                pool.IsRemoved = true;
                StopIdle(pool, ref work);
                while (pool.Dequeue() is { } orphan)
                {
                    _waiting--;
                    orphan.Stage = InvocationStage.Done;
                    Finished(pool);
                    orphans.Add(orphan);
                }
            }
        }
        foreach (var orphan in orphans)
            orphan.Complete(InvocationResult.Refused(LambdaError.FunctionNotFound(orphan.InvokedArn)));
        Run(work);
    }

    /// <param name="count">-1 = none, 0 = every invocation is refused.</param>
    public void Reserve(string functionName, int count)
    {
        lock (_gate)
            _limits.Reserve(functionName, count);
    }

    /// <summary>Stops accepting, waits for what runs, then ends every instance.</summary>
    public async Task StopAsync(TimeSpan patience)
    {
        Task drained;
        lock (_gate)
        {
            _stopping = true;
            _drained = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            drained = _inFlight == 0 ? Task.CompletedTask : _drained.Task;
        }
        await Task.WhenAny(drained, Task.Delay(patience, _services.Time));
        Task emptied;
        var work = new PlannedWork();
        lock (_gate)
        {
            _emptied = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            emptied = _instances.Count == 0 ? Task.CompletedTask : _emptied.Task;
            foreach (var instance in _instances.Where(i => i.State != InstanceState.Stopping))
                Stop(instance, ref work, ColdReason.Idle);
        }
        Run(work);
        await Task.WhenAny(emptied, Task.Delay(TimeSpan.FromSeconds(5), _services.Time));
    }

    public void Dispose()
    {
        _fast.Dispose();
        _slow.Dispose();
    }

    /// <returns>Null when the function is gone.</returns>
    private FunctionPool? PoolOf(FunctionRevision function)
    {
        if (_pools.TryGetValue(function.Key, out var pool))
            return pool;
        if (Current is { } current)
        {
            if (current(function.Key) is not { } now)
                return null;
            function = now;
        }
        return _pools[function.Key] = new FunctionPool(function, _limits.Of(function.Name));
    }

    /// <summary>What is busy or on its way is of the revision before: it will take nothing more.</summary>
    private static void Outdate(FunctionPool pool)
    {
        foreach (var instance in pool.Instances)
        {
            instance.CountAsBusy(false);
            if (instance.State is not InstanceState.Resetting)
                SetStarting(instance, false);
        }
    }

    private void Claim(Instance instance, Invocation invocation)
    {
        CountAsAhead(instance, false);
        instance.SetState(InstanceState.Busy);
        instance.Current = invocation;
        invocation.Stage = InvocationStage.Claimed;
    }

    private void Enqueue(FunctionPool pool, Invocation invocation, ref PlannedWork work)
    {
        pool.Enqueue(invocation);
        _waiting++;
        Plan(pool, ref work);
    }

    private Invocation? Dequeue(FunctionPool pool)
    {
        var invocation = pool.Dequeue();
        if (invocation is not null)
            _waiting--;
        return invocation;
    }

    private void Finished(FunctionPool pool)
    {
        _limits.Leave(pool.Use);
        pool.Leave(_services.Time);
        _invocations++;
        if (--_inFlight == 0)
            _drained?.TrySetResult();
    }
}
