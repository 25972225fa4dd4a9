using Hearth.Agent.Scheduling;
using Hearth.Agent.Tests.Fakes;
using Xunit;

namespace Hearth.Agent.Tests.Scheduling;

public sealed class SchedulingPolicyTests
{
    private readonly ManualTime _time = new();

    private SchedulingPolicy Policy => new(new PolicySettings(1000, TimeSpan.FromMilliseconds(80), TimeSpan.FromMinutes(10)), _time);

    [Theory]
    [InlineData(0, 0, false, 1000, nameof(Placement.Start))]
    [InlineData(0, 0, true, 1001, nameof(Placement.Never))]
    [InlineData(900, 0, false, 100, nameof(Placement.Start))]
    [InlineData(901, 0, false, 100, nameof(Placement.Wait))]
    [InlineData(901, 0, true, 100, nameof(Placement.Evict))]
    [InlineData(1000, 100, true, 100, nameof(Placement.Wait))]
    [InlineData(1000, 99, true, 100, nameof(Placement.Evict))]
    public void Memory_decides_whether_to_start_evict_or_wait(long used, long leaving, bool hasIdle, int needed, string expected) =>
        Assert.Equal(expected, Policy.Place(new MemoryState(used, leaving, hasIdle), needed).ToString());

    [Fact]
    public void The_longest_idle_instance_goes_first() =>
        Assert.Equal(1, Policy.ChooseVictim([new IdleCandidate(30, 128), new IdleCandidate(10, 128), new IdleCandidate(20, 4096)]));

    [Fact]
    public void Clocks_strike_at_their_time_and_not_before()
    {
        var policy = Policy;
        var since = _time.GetTimestamp();
        _time.Advance(TimeSpan.FromMilliseconds(79));
        Assert.False(policy.IsFreezeDue(since));
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.True(policy.IsFreezeDue(since));
        Assert.False(policy.HasWaitedTooLong(since, TimeSpan.FromSeconds(3)));
        _time.Advance(TimeSpan.FromSeconds(3));
        Assert.True(policy.HasWaitedTooLong(since, TimeSpan.FromSeconds(3)));
        Assert.False(policy.IsEvictionDue(since));
        _time.Advance(TimeSpan.FromMinutes(10));
        Assert.True(policy.IsEvictionDue(since));
    }
}
