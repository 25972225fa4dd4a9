using Hearth.Cli.Node;
using Xunit;

namespace Hearth.Cli.Tests;

public sealed class BackOffTests
{
    private readonly SettableClock _clock = new();
    private readonly BackOff _backOff;

    public BackOffTests() => _backOff = new BackOff(_clock);

    [Fact]
    public void Starts_that_fail_come_at_once_then_slower()
    {
        Assert.Equal([0, 100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000], Enumerable.Range(0, 10).Select(_ => Life(ready: null)));
        // Neither an end without ever having been ready counts as a success, however late, nor one right after it.
        Assert.Equal(10_000, Life(ready: null, seconds: 3_600));
        Assert.Equal(10_000, Life(ready: 100, seconds: 100.9));
    }

    [Fact]
    public void What_was_ready_for_a_second_comes_back_at_once_each_time()
    {
        Assert.Equal(0, Life(ready: null));
        Assert.Equal(100, Life(ready: null));
        Assert.All(Enumerable.Range(0, 100), _ => Assert.Equal(0, Life(ready: 0.3, seconds: 1.3)));
        Assert.Equal(100, Life(ready: null));
    }

    [Fact]
    public void Having_been_ready_once_does_not_count_for_the_next_start()
    {
        Assert.Equal(0, Life(ready: 0, seconds: 5));
        Assert.Equal(100, Life(ready: null, seconds: 5));
        Assert.Equal(200, Life(ready: null, seconds: 5));
    }

    /// <param name="ready">Seconds after its start; null = never.</param>
    /// <returns>Milliseconds to the next start.</returns>
    private double Life(double? ready, double seconds = 0)
    {
        var start = _clock.Now;
        _backOff.Started();
        if (ready is { } after)
        {
            _clock.Now = start + TimeSpan.FromSeconds(after);
            _backOff.Ready();
        }

        _clock.Now = start + TimeSpan.FromSeconds(seconds);
        return _backOff.Next().TotalMilliseconds;
    }

    private sealed class SettableClock : TimeProvider
    {
        public TimeSpan Now { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Now.Ticks;
    }
}
