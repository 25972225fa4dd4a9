namespace Hearth.Agent.Streaming;

/// <summary>Something with a file descriptor in an <see cref="EventLoop"/>. Both are called on the loop's thread only.</summary>
internal interface IReadiness
{
    /// <param name="readable">Bytes wait, or the other end is closed.</param>
    /// <param name="writable">There is room, or the other end is closed.</param>
    void OnReady(bool readable, bool writable);

    /// <summary><see cref="OnReady"/> threw. The owner gives up what it serves; the loop goes on.</summary>
    void OnFault(Exception fault);
}
