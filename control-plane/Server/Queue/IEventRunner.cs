namespace Hearth.ControlPlane.Queue;

/// <summary>An agent that tries events; reports each by <see cref="EventQueue.Completed"/>. No member may block or fail.</summary>
public interface IEventRunner
{
    /// <summary>An agent that cannot be reached is detached, which gives its events back.</summary>
    /// <param name="wantsResponse">Also of a function that succeeds.</param>
    void Run(QueuedEvent e, string function, EventBody body, bool wantsResponse);

    /// <summary>What the agent reported of this event is on the disk: it need not be remembered any more. Called on the store's thread.</summary>
    void Settled(long sequence);

    /// <summary>It is detached and will get nothing more.</summary>
    void End(string why);
}
