namespace Hearth.Cli.Node;

/// <summary>
/// How long to wait before a restart. What had been ready for a second starts again at once, however often that happens: waiting would only lengthen the outage.
/// Starts that fail are tried at once, then after 0.1 s, doubling up to 10 s, until one succeeds.
/// </summary>
internal sealed class BackOff(TimeProvider clock)
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);

    // A program that says it is ready and falls over its first request has not started.
    private static readonly TimeSpan Settled = TimeSpan.FromSeconds(1);

    private long? _ready;
    private TimeSpan _next = TimeSpan.Zero;

    public void Started() => _ready = null;

    public void Ready() => _ready = clock.GetTimestamp();

    public TimeSpan Next()
    {
        if (_ready is { } since && clock.GetElapsedTime(since) >= Settled) _next = TimeSpan.Zero;
        var delay = _next;
        _next = delay == TimeSpan.Zero ? First : TimeSpan.FromTicks(Math.Min(Longest.Ticks, delay.Ticks * 2));
        return delay;
    }
}
