namespace Hearth.ControlPlane.Queue;

/// <summary>Times and bounds of the queue. The times are Lambda's (developer guide, "Asynchronous invocation"); the bounds are ours, for one disk.</summary>
public sealed record QueueSettings
{
    /// <summary>After the first, second, ... try on which the function failed; the last one repeats.</summary>
    public IReadOnlyList<TimeSpan> RetryDelays { get; init; } = [TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(2)];

    /// <summary>After the first throttled or failed try of ours; doubles each time.</summary>
    public TimeSpan FirstBackOff { get; init; } = TimeSpan.FromSeconds(1);

    public TimeSpan LongestBackOff { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Dead letters older than this are removed.</summary>
    public TimeSpan DeadLetterAge { get; init; } = TimeSpan.FromDays(14);

    /// <summary>Events and dead letters of all functions. About 100 bytes of memory each, and what <see cref="MaxCachedBytes"/> keeps; payloads stay on the disk.</summary>
    public int MaxEvents { get; init; } = 500_000;

    public int MaxEventsPerFunction { get; init; } = 250_000;

    /// <summary>Payload bytes, dead letters included.</summary>
    public long MaxBytes { get; init; } = 8L << 30;

    public long MaxBytesPerFunction { get; init; } = 4L << 30;

    /// <summary>Under way at once, all functions together.</summary>
    public int MaxInFlight { get; init; } = 1000;

    /// <summary>Payloads of events under way: they are in memory here and at the agent.</summary>
    public long MaxInFlightBytes { get; init; } = 64 << 20;

    /// <summary>Payloads kept in memory from their acceptance to their first try, which then need not be read again. Payload bytes only: trace id and content type of an event, up to
    /// 1.6 KB in memory, are not counted.</summary>
    public long MaxCachedBytes { get; init; } = 32 << 20;

    /// <summary>Destination after destination: Lambda stops such a chain after about 16 calls ("recursive loop detection").</summary>
    public int MaxHops { get; init; } = 16;
}
