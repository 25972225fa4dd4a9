namespace Hearth.ControlPlane.Queue;

/// <summary>An attached agent and what it has under way. Guarded by the queue's gate.</summary>
internal sealed class Runner(string agentId, IEventRunner agent)
{
    private readonly Dictionary<FunctionQueue, (int Events, long Bytes)> _shares = [];

    public string AgentId { get; } = agentId;

    public IEventRunner Agent { get; } = agent;

    public Dictionary<long, QueuedEvent> InFlight { get; } = [];

    /// <summary>Memory of what is under way.</summary>
    public long Bytes { get; private set; }

    /// <summary>Events that it did not report in time since its last report: it counts as so much busier.</summary>
    public int Overdue { get; set; }

    public bool HasRoom(QueueSettings settings) => InFlight.Count < settings.MaxInFlightPerAgent && Bytes < settings.MaxInFlightBytesPerAgent;

    /// <summary>
    /// One function has no more here than is left free for all others: alone it gets half, of n functions that have enough to do each gets one part of n + 1, and whoever comes next
    /// always finds room.
    /// </summary>
    public bool HasRoom(FunctionQueue function, QueueSettings settings)
    {
        (int events, long bytes) = _shares.GetValueOrDefault(function);
        return events < settings.MaxInFlightPerAgent - InFlight.Count && bytes < settings.MaxInFlightBytesPerAgent - Bytes;
    }

    public void Add(QueuedEvent e)
    {
        InFlight[e.Sequence] = e;
        Bytes += e.HeldBytes;
        (int events, long bytes) = _shares.GetValueOrDefault(e.Function);
        _shares[e.Function] = (events + 1, bytes + e.HeldBytes);
    }

    /// <returns>False when it is not under way here.</returns>
    public bool Remove(QueuedEvent e)
    {
        if (!InFlight.Remove(e.Sequence))
            return false;
        Bytes -= e.HeldBytes;
        (int events, long bytes) = _shares[e.Function];
        if (events == 1)
            _shares.Remove(e.Function);
        else
            _shares[e.Function] = (events - 1, bytes - e.HeldBytes);
        return true;
    }
}
