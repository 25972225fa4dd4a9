namespace Hearth.ControlPlane.Queue;

/// <summary>
/// The order in which stored events are tried: those whose time has come, function by function in turn, each function's in the order in which they became
/// due. One function's thousands do not stand before another's first. Guarded by the queue's gate; times are unix milliseconds, windows have their own clock.
/// </summary>
public sealed class Backlog
{
    private readonly PriorityQueue<QueuedEvent, long> _later = new();
    private readonly Queue<FunctionQueue> _turns = new();

    /// <summary>When the next one becomes due; null = none waits for its time.</summary>
    public long? NextDue => _later.TryPeek(out _, out long due) ? due : null;

    /// <summary>Something is due that could not be taken yet.</summary>
    public bool HasReady => _turns.Count > 0;

    public void Add(QueuedEvent e, long now)
    {
        if (e.DueUnixMs > now)
            _later.Enqueue(e, e.DueUnixMs);
        else
            MakeReady(e);
    }

    public void Promote(long now)
    {
        while (_later.TryPeek(out QueuedEvent? e, out long due) && due <= now)
        {
            _later.Dequeue();
            if (!e.Function.IsDropped)
                MakeReady(e);
        }
    }

    /// <summary>The next one whose function has room in its window and a place at an agent, or null.</summary>
    /// <param name="hasPlace">Asked of functions in turn until one has.</param>
    public QueuedEvent? Take(long clock, Func<FunctionQueue, bool> hasPlace)
    {
        for (int left = _turns.Count; left > 0; left--)
        {
            FunctionQueue function = _turns.Dequeue();
            if (function.IsDropped || function.Ready.Count == 0)
            {
                function.HasTurn = false;
                continue;
            }

            _turns.Enqueue(function);
            if (function.Window.HasRoom(function.InFlight, clock) && hasPlace(function))
                return function.Ready.Dequeue();
        }

        return null;
    }

    /// <summary>Gives windows in which nothing came back the chance to grow.</summary>
    public void Tick(long clock)
    {
        foreach (FunctionQueue function in _turns)
            function.Window.Tick(function.Ready.Count, function.InFlight, clock);
    }

    /// <summary>Takes out of those that are due the ones for which <paramref name="isExpired"/> says so.</summary>
    public List<QueuedEvent> TakeExpired(Func<QueuedEvent, bool> isExpired)
    {
        List<QueuedEvent> expired = [];
        foreach (FunctionQueue function in _turns)
        {
            for (int left = function.Ready.Count; left > 0; left--)
            {
                // Asked first: it may throw, and nothing may be lost then.
                bool ends = isExpired(function.Ready.Peek());
                QueuedEvent e = function.Ready.Dequeue();
                if (ends)
                    expired.Add(e);
                else
                    function.Ready.Enqueue(e);
            }
        }

        return expired;
    }

    /// <summary>Acceptance of the oldest event of a function that is due; 0 = none.</summary>
    public static long OldestReady(FunctionQueue function) => function.Ready.Count == 0 ? 0 : function.Ready.Min(e => e.AcceptedUnixMs);

    public IEnumerable<QueuedEvent> Later => _later.UnorderedItems.Select(item => item.Element);

    private void MakeReady(QueuedEvent e)
    {
        e.Function.Ready.Enqueue(e);
        if (e.Function.HasTurn)
            return;
        e.Function.HasTurn = true;
        _turns.Enqueue(e.Function);
    }
}
