using Hearth.Agent.Scheduling;
using Hearth.Agent.Tests.Fakes;
using Xunit;

namespace Hearth.Agent.Tests.Scheduling;

/// <summary>What is kept and what is started ahead, in a time of the test's own.</summary>
public sealed class KeepAliveTests
{
    private readonly ManualTime _time = new();

    private KeepAlive Rules => new(new PolicySettings(1000, TimeSpan.Zero, TimeSpan.FromMinutes(10), Spares: 4), _time);

    [Fact]
    public void A_pattern_is_seen_after_four_times_and_not_in_times_that_lie_all_over()
    {
        var clock = new IdleTimes();
        for (var i = 0; i < 3; i++)
        {
            clock.Add(TimeSpan.FromMinutes(59.5));
            Assert.Null(clock.Pattern);
        }
        clock.Add(TimeSpan.FromMinutes(59.5));
        Assert.Equal(new IdlePattern(TimeSpan.FromMinutes(59), TimeSpan.FromMinutes(60)), clock.Pattern);

        var anywhere = new IdleTimes();
        for (var minute = 0; minute < 240; minute++)
            anywhere.Add(TimeSpan.FromMinutes(minute));
        Assert.Null(anywhere.Pattern);

        var rare = new IdleTimes();
        for (var i = 0; i < 10; i++)
            rare.Add(TimeSpan.FromHours(5));
        Assert.Null(rare.Pattern);
    }

    [Fact]
    public void One_time_in_a_hundred_is_no_part_of_the_pattern_and_a_new_habit_takes_over()
    {
        var times = new IdleTimes();
        for (var i = 0; i < 99; i++)
            times.Add(TimeSpan.FromMinutes(30.2));
        times.Add(TimeSpan.FromMinutes(200));
        Assert.Equal(new IdlePattern(TimeSpan.FromMinutes(30), TimeSpan.FromMinutes(31)), times.Pattern);
        for (var i = 0; i < 20_000; i++)
            times.Add(TimeSpan.FromMinutes(5.5));
        Assert.Equal(new IdlePattern(TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(6)), times.Pattern);
    }

    [Fact]
    public void A_function_of_every_hour_is_ended_soon_started_shortly_before_and_given_up_when_it_is_late()
    {
        var pattern = new IdlePattern(TimeSpan.FromMinutes(59), TimeSpan.FromMinutes(60));
        var quiet = _time.GetTimestamp();
        var kept = new IdleInstance(quiet, quiet, IsLast: true, IsUnused: false, pattern);
        var rules = Rules;
        Assert.False(rules.IsEndDue(kept));
        _time.Advance(TimeSpan.FromSeconds(30));
        Assert.True(rules.IsEndDue(kept));
        _time.Advance(TimeSpan.FromMinutes(57));
        Assert.False(rules.IsStartAheadDue(quiet, pattern));
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.True(rules.IsStartAheadDue(quiet, pattern));
        var ahead = new IdleInstance(_time.GetTimestamp(), quiet, IsLast: true, IsUnused: true, pattern);
        _time.Advance(TimeSpan.FromMinutes(1.9));
        Assert.False(rules.IsEndDue(ahead));
        _time.Advance(TimeSpan.FromMinutes(0.1));
        Assert.True(rules.IsEndDue(ahead));
        Assert.False(rules.IsStartAheadDue(quiet, pattern));
    }

    [Fact]
    public void Nothing_is_kept_for_longer_than_six_idle_times_and_nothing_that_is_started_ahead_for_longer_than_one()
    {
        var rules = Rules;
        var quiet = _time.GetTimestamp();
        var often = new IdleInstance(quiet, quiet, IsLast: true, IsUnused: false, new IdlePattern(TimeSpan.Zero, TimeSpan.FromMinutes(200)));
        var wide = new IdlePattern(TimeSpan.FromMinutes(60), TimeSpan.FromMinutes(200));
        _time.Advance(TimeSpan.FromMinutes(59));
        Assert.False(rules.IsEndDue(often));
        Assert.True(rules.IsEndDue(often with { IsLast = false })); // a surplus one
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.True(rules.IsEndDue(often));
        Assert.True(rules.IsStartAheadDue(quiet, wide));
        _time.Advance(TimeSpan.FromMinutes(4.1)); // 54 + 10
        Assert.False(rules.IsStartAheadDue(quiet, wide));
    }

    [Fact]
    public void Without_spares_the_fixed_time_holds_for_all()
    {
        var rules = new KeepAlive(new PolicySettings(1000, TimeSpan.Zero, TimeSpan.FromMinutes(10)), _time);
        var quiet = _time.GetTimestamp();
        var pattern = new IdlePattern(TimeSpan.FromMinutes(59), TimeSpan.FromMinutes(60));
        _time.Advance(TimeSpan.FromMinutes(9.9));
        Assert.False(rules.IsEndDue(new IdleInstance(quiet, quiet, IsLast: true, IsUnused: false, pattern)));
        _time.Advance(TimeSpan.FromMinutes(49.1));
        Assert.False(rules.IsStartAheadDue(quiet, pattern));
        Assert.False(rules.IsSpareWorthwhile(new SpareDemand(0, 3, 9, TimeSpan.FromSeconds(1))));
    }

    [Theory]
    [InlineData(0, 2, 2, 200, true)]
    [InlineData(1, 2, 2, 200, false)] // one is there already
    [InlineData(0, 0, 2, 200, false)] // scale to zero
    [InlineData(0, 2, 1, 200, false)] // once is chance
    [InlineData(0, 2, 2, 19, false)] // as good as warm
    [InlineData(0, 2, 2, -1, false)] // not known yet
    public void A_spare_is_for_functions_that_lately_had_none(int idle, int busy, int crowded, int startMs, bool expected) =>
        Assert.Equal(expected, Rules.IsSpareWorthwhile(new SpareDemand(idle, busy, crowded, startMs < 0 ? null : TimeSpan.FromMilliseconds(startMs))));

    [Fact]
    public void Crowding_is_forgotten_within_a_minute()
    {
        var crowding = default(Crowding);
        crowding.Add(_time);
        crowding.Add(_time);
        _time.Advance(TimeSpan.FromSeconds(31));
        crowding.Add(_time);
        Assert.Equal(3, crowding.Recent(_time));
        _time.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal(1, crowding.Recent(_time));
        _time.Advance(TimeSpan.FromSeconds(60));
        Assert.Equal(0, crowding.Recent(_time));
    }
}
