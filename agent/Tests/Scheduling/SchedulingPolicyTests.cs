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
    public void The_one_that_is_worth_least_goes_first_and_of_equals_the_longest_idle() =>
        Assert.Equal(2, Policy.ChooseVictim([new IdleCandidate(10, 5), new IdleCandidate(30, 4), new IdleCandidate(20, 4)]));

    [Fact]
    public void Worth_is_cost_times_use_for_its_memory_and_what_is_not_used_ages()
    {
        var policy = Policy;
        var start = TimeSpan.FromMilliseconds(100);
        Assert.True(policy.Worth(10, start, 128) > policy.Worth(1, start, 128));
        Assert.True(policy.Worth(10, start, 128) > policy.Worth(10, start, 1024));
        Assert.True(policy.Worth(10, start * 5, 1024) > policy.Worth(1, start, 1024));
        // Nobody is worth much more by starting slowly, or by calling itself.
        Assert.Equal(policy.Worth(1, TimeSpan.FromSeconds(1), 128), policy.Worth(1, TimeSpan.FromSeconds(9), 128));
        Assert.True(policy.Worth(1_000_000, start, 128) < 25 * policy.Worth(1, start, 128));

        // Used a hundred times, long ago: instances that are used once each outlive it in the end.
        var old = policy.Worth(100, start, 128);
        var victims = 0;
        while (policy.ChooseVictim([new IdleCandidate(1, old), new IdleCandidate(2, policy.Worth(1, start, 128))]) == 1)
            victims++;
        Assert.InRange(victims, 5, 7);
    }

    [Theory]
    [InlineData(1, 0, 0, 0, 10, 100, true)] // nobody serves
    [InlineData(1, 1, 0, 0, 10, 100, false)] // ten ms of work beside a start of a hundred
    [InlineData(9, 1, 0, 0, 10, 100, false)]
    [InlineData(10, 1, 0, 0, 10, 100, true)]
    [InlineData(10, 2, 0, 0, 10, 100, false)]
    [InlineData(1, 1, 0, 0, 100, 100, true)]
    [InlineData(1, 1, 99, 0, 10, 100, false)]
    [InlineData(1, 1, 100, 0, 10, 100, true)] // it took longer than was expected
    [InlineData(1, 1, 1499, 0, 10, 60_000, false)]
    [InlineData(1, 1, 1500, 0, 10, 60_000, true)] // half of the time that it may wait
    [InlineData(1, 1, 0, 99, 10, 100, false)]
    [InlineData(1, 1, 0, 100, 10, 100, true)] // all together have waited as long
    [InlineData(1, 1, 0, 0, -1, 100, true)] // not known yet
    [InlineData(1, 1, 0, 0, 10, -1, true)]
    public void An_instance_is_started_when_that_is_sooner_than_to_wait(int count, int serving, int waitedMs, int owedMs, int serviceMs, int startMs, bool starts)
    {
        var queue = new UnservedQueue(count, serving, TimeSpan.FromMilliseconds(waitedMs), TimeSpan.FromMilliseconds(owedMs), TimeSpan.FromSeconds(3), Known(serviceMs), Known(startMs));
        Assert.Equal(starts, Policy.IsStartWorthwhile(queue));

        static TimeSpan? Known(int ms) => ms < 0 ? null : TimeSpan.FromMilliseconds(ms);
    }

    [Fact]
    public void An_estimate_follows_what_it_reads()
    {
        var estimate = default(Estimate);
        Assert.Null(estimate.Value);
        estimate.Add(TimeSpan.FromMilliseconds(100));
        Assert.Equal(100, estimate.Value!.Value.TotalMilliseconds);
        for (var i = 0; i < 20; i++)
            estimate.Add(TimeSpan.FromMilliseconds(200));
        Assert.InRange(estimate.Value!.Value.TotalMilliseconds, 195, 200);
    }

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
        Assert.False(policy.IsEndDue(new IdleInstance(since, since, IsLast: true, IsUnused: false, Pattern: null)));
        _time.Advance(TimeSpan.FromMinutes(10));
        Assert.True(policy.IsEndDue(new IdleInstance(since, since, IsLast: true, IsUnused: false, Pattern: null)));
    }
}
