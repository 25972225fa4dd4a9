using Hearth.Contracts.V1;

namespace Hearth.Agent.Events;

/// <summary>
/// Results of events that ran, from their report until the control plane has them on its disk. When the stream or the control plane ends in between, the event is given
/// again, and its result is the answer: it does not run twice. Bounded: what is forgotten runs again, as Lambda allows. Guarded by the runner's gate.
/// </summary>
internal sealed class UnsettledResults
{
    private const int MaxResults = 4_096;
    private const long MaxBytes = 32 << 20;
    private readonly Dictionary<ulong, LinkedListNode<Kept>> _byEvent = [];
    private readonly LinkedList<Kept> _oldestFirst = new();
    private long _bytes;

    public void Keep(EventResult result, Guid requestId, int tries)
    {
        Settled(result.EventId);
        _byEvent[result.EventId] = _oldestFirst.AddLast(new Kept(result, requestId, tries));
        _bytes += result.Response.Length;
        while (_byEvent.Count > MaxResults || _bytes > MaxBytes)
            Settled(_oldestFirst.First!.Value.Result.EventId);
    }

    /// <summary>Null when this try of the event has not run here, or is no longer remembered.</summary>
    public EventResult? Find(EventRun run, Guid requestId) =>
        _byEvent.TryGetValue(run.EventId, out var node) && node.Value.RequestId == requestId && node.Value.Tries == run.Tries ? node.Value.Result : null;

    public void Settled(ulong eventId)
    {
        if (!_byEvent.Remove(eventId, out var node))
            return;
        _oldestFirst.Remove(node);
        _bytes -= node.Value.Result.Response.Length;
    }

    private sealed record Kept(EventResult Result, Guid RequestId, int Tries);
}
