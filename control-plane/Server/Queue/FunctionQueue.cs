namespace Hearth.ControlPlane.Queue;

/// <summary>One function's events. Guarded by the queue's gate. A function that is deleted and made anew gets another one.</summary>
public sealed class FunctionQueue(string name, int largestWindow)
{
    public string Name { get; } = name;

    /// <summary>Due, in the order of becoming so.</summary>
    public Queue<QueuedEvent> Ready { get; } = new();

    public DispatchWindow Window { get; } = new(largestWindow);

    /// <summary>Stored events: those that wait, later or now, and those under way.</summary>
    public int Events { get; set; }

    /// <summary>Payloads of events and dead letters.</summary>
    public long Bytes { get; set; }

    public int InFlight { get; set; }

    /// <summary>Memory of what is under way.</summary>
    public long InFlightBytes { get; set; }

    public int DeadLetters { get; set; }

    public long DeadBytes { get; set; }

    /// <summary>The function is gone: what is stored of it is deleted, what is under way is nobody's.</summary>
    public bool IsDropped { get; set; }

    /// <summary>It stands in the backlog's row of turns.</summary>
    public bool HasTurn { get; set; }

    public QueueCounters Counters { get; set; }
}

/// <summary>Since the start of this process.</summary>
/// <param name="Retried">Tries that the function failed and that were followed by another.</param>
/// <param name="Refused">Tries that were throttled, or failed for a reason of ours.</param>
/// <param name="Dropped">Ended without success.</param>
public readonly record struct QueueCounters(long Received, long Succeeded, long Retried, long Refused, long Dropped);
