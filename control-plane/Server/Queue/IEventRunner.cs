namespace Hearth.ControlPlane.Queue;

/// <summary>An agent that tries events; reports each by <see cref="EventQueue.Completed"/>.</summary>
public interface IEventRunner
{
    /// <summary>Must not block, nor fail: an agent that cannot be reached is detached, which gives its events back.</summary>
    /// <param name="wantsResponse">Also of a function that succeeds.</param>
    void Run(QueuedEvent e, string function, EventBody body, bool wantsResponse);
}
