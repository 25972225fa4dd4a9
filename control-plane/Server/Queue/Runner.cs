namespace Hearth.ControlPlane.Queue;

/// <summary>An attached agent and what it has under way. Guarded by the queue's gate.</summary>
internal sealed class Runner(string agentId, IEventRunner agent)
{
    public string AgentId { get; } = agentId;

    public IEventRunner Agent { get; } = agent;

    public Dictionary<long, QueuedEvent> InFlight { get; } = [];

    /// <summary>Memory of what is under way.</summary>
    public long Bytes { get; set; }

    /// <summary>Events that it did not report in time since its last report: it counts as so much busier.</summary>
    public int Overdue { get; set; }
}
