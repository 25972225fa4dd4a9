using Hearth.Cli.Node;
using Xunit;

namespace Hearth.Cli.Tests;

public sealed class BackOffTests
{
    [Fact]
    public void Restarts_come_at_once_then_slower_and_a_minute_of_life_forgives()
    {
        var clock = new SettableClock();
        var backOff = new BackOff(clock);
        Assert.Equal([0, 100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000], Enumerable.Range(0, 10).Select(_ => backOff.Next().TotalMilliseconds));
        backOff.Started();
        clock.Now += TimeSpan.FromSeconds(60);
        Assert.Equal(TimeSpan.Zero, backOff.Next());
    }

    private sealed class SettableClock : TimeProvider
    {
        public TimeSpan Now { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Now.Ticks;
    }
}
