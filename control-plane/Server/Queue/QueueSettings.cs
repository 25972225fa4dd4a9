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

    /// <summary>Payload bytes on the disk, dead letters included; the rest of an event is bounded by <see cref="Contracts.EventLimits"/>, and their number by <see cref="MaxEvents"/>.</summary>
    public long MaxBytes { get; init; } = 8L << 30;

    public long MaxBytesPerFunction { get; init; } = 4L << 30;

    /// <summary>Under way at once, all functions and agents together.</summary>
    public int MaxInFlight { get; init; } = 4_000;

    /// <summary>Under way at one agent: one that takes and never reports leaves places for the others.</summary>
    public int MaxInFlightPerAgent { get; init; } = 1_000;

    /// <summary>Memory of events under way (<see cref="EventBody.Footprint"/>), here; they are also at the agent.</summary>
    public long MaxInFlightBytes { get; init; } = 64 << 20;

    public long MaxInFlightBytesPerAgent { get; init; } = 32 << 20;

    /// <summary>An agent has so long for what is not the function's own time: to start an instance, and to report.</summary>
    public TimeSpan AgentTime { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>What is under way for longer is taken for lost, whatever its function's timeout is.</summary>
    public TimeSpan LongestRun { get; init; } = TimeSpan.FromMinutes(16);

    /// <summary>Memory of bodies kept from their acceptance to their first try, which then need not be read again (<see cref="EventBody.Footprint"/>).</summary>
    public long MaxCachedBytes { get; init; } = 32 << 20;

    /// <summary>Destination after destination: Lambda stops such a chain after about 16 calls ("recursive loop detection").</summary>
    public int MaxHops { get; init; } = 16;
}
