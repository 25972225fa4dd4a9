namespace Hearth.ControlPlane.Queue;

/// <summary>An attached agent and what it has under way. Guarded by the queue's gate.</summary>
internal sealed class Runner(IEventRunner agent)
{
    public IEventRunner Agent { get; } = agent;

    public Dictionary<long, QueuedEvent> InFlight { get; } = [];
}
