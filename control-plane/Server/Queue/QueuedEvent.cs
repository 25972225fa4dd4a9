namespace Hearth.ControlPlane.Queue;

/// <summary>
/// A stored event as it is kept in memory: all but its body, which is read when it is due. It is owned by whoever took it: the backlog while it waits, the
/// dispatcher while it is under way, so its mutable members need no lock of their own.
/// </summary>
public sealed class QueuedEvent
{
    /// <summary>Its row; grows in the order of acceptance, and never comes again.</summary>
    public required long Sequence { get; init; }

    public required Guid RequestId { get; init; }

    public required FunctionQueue Function { get; init; }

    public required string? Qualifier { get; init; }

    public required long AcceptedUnixMs { get; init; }

    /// <summary>Of the payload.</summary>
    public required int Bytes { get; init; }

    public int Hops { get; init; }

    /// <summary>Not before; unix milliseconds.</summary>
    public long DueUnixMs { get; set; }

    /// <summary>Times the function ran and failed.</summary>
    public int Tries { get; set; }

    /// <summary>Times it was throttled, or something of ours failed.</summary>
    public int Refusals { get; set; }

    /// <summary>In memory already, or null.</summary>
    public EventBody? Body { get; set; }

    /// <summary>What <see cref="Body"/> takes of the cache; 0 = it is not the cache's.</summary>
    public int CachedBytes { get; internal set; }

    /// <summary>When it was handed to an agent; monotonic milliseconds.</summary>
    internal long SentAt { get; set; }

    /// <summary>Under way for longer it is taken for lost; monotonic milliseconds.</summary>
    internal long Deadline { get; set; }

    /// <summary>What it takes of the memory for events under way.</summary>
    internal int HeldBytes { get; set; }
}
