using Hearth.Agent.Functions;
using Hearth.Agent.Sandboxes;

namespace Hearth.Agent.Scheduling;

/// <summary>The instances and the queue of one version of a function. Guarded by the scheduler's gate.</summary>
internal sealed class FunctionPool(FunctionRevision function, FunctionUse use)
{
    private readonly Queue<Invocation> _queue = new();
    // Newest last: the surplus at the front ages and is evicted.
    private readonly List<Instance> _idle = [];

    public FunctionRevision Function { get; set; } = function;

    /// <summary>The function was deleted: nothing new starts here.</summary>
    public bool IsRemoved { get; set; }

    /// <summary>Every instance that is not gone.</summary>
    public HashSet<Instance> Instances { get; } = [];

    public IReadOnlyList<Instance> Idle => _idle;

    public int Waiting { get; private set; }

    /// <summary>Those that wait, and some whose callers have left.</summary>
    public int Held => _queue.Count;

    /// <summary>Instances that will ask for work when they are initialised.</summary>
    public int Starting { get; set; }

    /// <summary>Instances of the current revision with an invocation.</summary>
    public int Busy { get; set; }

    /// <summary>What invocations have waited for busy instances since the last start; forgotten when none has for a minute.</summary>
    public TimeSpan Owed { get; private set; }

    /// <summary>From the event's write to the runtime until it takes the next one.</summary>
    public Estimate Service;

    /// <summary>From the decision to start an instance until it takes events.</summary>
    public Estimate Start;

    public Provision Provision { get; } = new();

    /// <summary>What became of the last instance; why the next start is one when there is no other.</summary>
    public ColdReason WhyNone { get; set; } = ColdReason.First;

    private long _lastOwed;
    private int _inFlight;
    private Crowding _crowding;

    /// <summary>How long the function was left alone each time.</summary>
    public IdleTimes IdleTimes { get; } = new();

    /// <summary>Timestamp of the end of the last invocation; null while one is under way or waits, and before the first.</summary>
    public long? QuietSince { get; private set; }

    /// <summary>Since it was left alone: once is enough.</summary>
    public bool WasStartedAhead { get; set; }

    /// <summary>The last init that ended did so badly: nothing is started that nobody asked for.</summary>
    public bool HasInitFailed { get; set; }

    public void Enter(TimeProvider time)
    {
        if (QuietSince is { } since)
            IdleTimes.Add(time.GetElapsedTime(since));
        QuietSince = null;
        WasStartedAhead = false;
        _inFlight++;
    }

    public void Leave(TimeProvider time)
    {
        if (--_inFlight == 0)
            QuietSince = time.GetTimestamp();
    }

    /// <summary>An event found no instance to spare.</summary>
    public void Crowd(TimeProvider time) => _crowding.Add(time);

    public int CrowdedLately(TimeProvider time) => _crowding.Recent(time);

    /// <summary>An invocation that waited so long was served by an instance that was there.</summary>
    public void Owe(TimeSpan waited, TimeProvider time)
    {
        Owed = (time.GetElapsedTime(_lastOwed) < TimeSpan.FromMinutes(1) ? Owed : TimeSpan.Zero) + waited;
        _lastOwed = time.GetTimestamp();
    }

    public void Settle() => Owed = TimeSpan.Zero;

    /// <summary>Arrival of the invocation that so many stand before; null when there is none.</summary>
    public long? ArrivalAt(int index)
    {
        foreach (var invocation in _queue)
        {
            if (invocation.Stage == InvocationStage.Queued && index-- == 0)
                return invocation.QueuedAt;
        }
        return null;
    }

    /// <summary>The function's, shared by its versions.</summary>
    public FunctionUse Use => use;

    public void Enqueue(Invocation invocation)
    {
        invocation.Stage = InvocationStage.Queued;
        _queue.Enqueue(invocation);
        Waiting++;
    }

    public Invocation? Dequeue()
    {
        while (_queue.TryDequeue(out var invocation))
        {
            if (invocation.Stage != InvocationStage.Queued)
                continue; // its caller left
            Waiting--;
            return invocation;
        }
        return null;
    }

    public Invocation? Peek()
    {
        while (_queue.TryPeek(out var invocation))
        {
            if (invocation.Stage == InvocationStage.Queued)
                return invocation;
            _queue.Dequeue();
        }
        return null;
    }

    /// <summary>Takes one out of the queue wherever it stands.</summary>
    public bool Abandon(Invocation invocation)
    {
        if (invocation.Stage != InvocationStage.Queued)
            return false;
        invocation.Stage = InvocationStage.Done;
        Waiting--;
        // Callers who leave one after another must not fill the queue with what nobody waits for.
        if (_queue.Count > (2 * Waiting) + 64)
            Compact();
        return true;
    }

    public void AddIdle(Instance instance)
    {
        // One that was started ahead and not used yet serves when the others are taken.
        if (instance.CountsAsAhead)
            _idle.Insert(0, instance);
        else
            _idle.Add(instance);
    }

    public bool RemoveIdle(Instance instance) => _idle.Remove(instance);

    /// <summary>The instance that was used last, initialised, of the current revision; null when there is none.</summary>
    public Instance? TakeWarm() => Take(bare: false);

    /// <summary>One whose runtime was started anew after a failure, and waits for Init.</summary>
    public Instance? TakeBare() => Take(bare: true);

    private void Compact()
    {
        for (var i = _queue.Count; i > 0; i--)
        {
            if (_queue.Dequeue() is { Stage: InvocationStage.Queued } waiting)
                _queue.Enqueue(waiting);
        }
    }

    private Instance? Take(bool bare)
    {
        for (var i = _idle.Count - 1; i >= 0; i--)
        {
            var instance = _idle[i];
            if (instance.IsBare != bare || !ReferenceEquals(instance.Function, Function))
                continue;
            _idle.RemoveAt(i);
            return instance;
        }
        return null;
    }
}
