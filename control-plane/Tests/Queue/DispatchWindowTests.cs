using Hearth.ControlPlane.Queue;
using Xunit;

namespace Hearth.ControlPlane.Tests.Queue;

public class DispatchWindowTests
{
    [Fact]
    public void AFastFunctionWithALongQueueNeedsFewAtOnce()
    {
        var window = new DispatchWindow(1_000);
        for (int i = 0; i < 200; i++)
            window.Ran(took: 1, waiting: 400, inFlight: window.Limit - 1, now: i);
        Assert.Equal(2, window.Limit);
    }

    [Fact]
    public void ASlowOneGetsMore()
    {
        var window = new DispatchWindow(50);
        for (int i = 0; i < 200; i++)
            window.Ran(took: 1_000, waiting: 400, inFlight: window.Limit - 1, now: i);
        Assert.Equal(50, window.Limit);
        window.Ran(took: 1_000, waiting: 0, inFlight: 0, now: 200);
        Assert.Equal(2, window.Limit);
    }

    [Fact]
    public void OneThatHasNotAnsweredYetGetsMoreAsTimeGoesBy()
    {
        var window = new DispatchWindow(1_000);
        window.Began(1, now: 0);
        window.Tick(waiting: 100, inFlight: 2, now: 5);
        Assert.Equal(2, window.Limit);
        for (long now = 100; now < 2_000; now += 100)
            window.Tick(waiting: 100, inFlight: window.Limit, now);
        Assert.InRange(window.Limit, 16, 1_000);
    }

    [Fact]
    public void AThrottleHalvesItAndHoldsTheFunctionForAMoment()
    {
        var window = new DispatchWindow(1_000);
        for (int i = 0; i < 40; i++)
            window.Ran(took: 1_000, waiting: 400, inFlight: window.Limit - 1, now: i);
        int before = window.Limit;
        window.Refused(throttled: true, now: 100);
        Assert.Equal(before / 2, window.Limit);
        Assert.False(window.HasRoom(0, now: 100));
        Assert.True(window.HasRoom(0, now: 1_100));
        for (int i = 0; i < 20; i++)
            window.Refused(throttled: true, now: 200);
        Assert.Equal(1, window.Limit);
    }

    [Fact]
    public void OneWhoseTriesWaitForEachOtherGetsNoMore()
    {
        var window = new DispatchWindow(1_000);
        // Two processors: a try of 10 ms takes as much longer as there are more of them at once.
        for (int now = 0; now < 1_000; now++)
            window.Ran(took: 5 * window.Limit, waiting: 100_000, inFlight: window.Limit - 1, now: now);
        Assert.InRange(window.Limit, 3, 100);
    }

    [Fact]
    public void AStartThatTakesSecondsDoesNotMakeHundreds()
    {
        var window = new DispatchWindow(1_000);
        window.Began(1, now: 0);
        for (long now = 0; now <= 2_000; now += 100)
            window.Tick(waiting: 10_000, inFlight: window.Limit, now);
        Assert.InRange(window.Limit, 8, 32);
    }
}
