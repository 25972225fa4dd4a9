namespace Hearth.Cli.Node;

/// <summary>How long to wait before a restart: at once the first time, then doubling from 0.1 s to 10 s; a life of a minute forgives all.</summary>
internal sealed class BackOff(TimeProvider clock)
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Forgiven = TimeSpan.FromMinutes(1);

    private long _started = clock.GetTimestamp();
    private TimeSpan _next = TimeSpan.Zero;

    public void Started() => _started = clock.GetTimestamp();

    public TimeSpan Next()
    {
        if (clock.GetElapsedTime(_started) >= Forgiven) _next = TimeSpan.Zero;
        var delay = _next;
        _next = delay == TimeSpan.Zero ? First : TimeSpan.FromTicks(Math.Min(Longest.Ticks, delay.Ticks * 2));
        return delay;
    }
}
