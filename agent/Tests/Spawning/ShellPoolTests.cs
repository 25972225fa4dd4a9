using Hearth.Agent.Spawning;
using Hearth.Agent.Tests.Fakes;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hearth.Agent.Tests.Spawning;

public sealed class ShellPoolTests : IDisposable
{
    private static readonly TimeSpan s_quiet = TimeSpan.FromMilliseconds(6);
    private static readonly TimeSpan s_always = TimeSpan.MaxValue;
    private readonly ManualTimers _time = new();
    private readonly List<Shell> _made = [];
    private readonly ShellPool<Shell> _pool;
    private Func<Task<Shell>> _create;

    public ShellPoolTests()
    {
        _create = () => Task.FromResult(new Shell((ulong)_made.Count + 1));
        _pool = Pool(least: 2, s_always, new PoolRoom(8));
    }

    private int Living => _made.Count(static shell => !shell.IsDestroyed);

    public void Dispose() => _pool.Dispose();

    [Fact]
    public void Nothing_is_made_before_the_spawner_is_there()
    {
        Assert.Null(_pool.TryTake());
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.Empty(_made);
    }

    [Fact]
    public void One_that_nobody_wants_any_more_is_let_go_and_made_again_when_somebody_may()
    {
        using var pool = Pool(least: 1, TimeSpan.FromMinutes(10), new PoolRoom(8));
        pool.Open();
        Assert.Equal(1, pool.Count);
        _time.Advance(TimeSpan.FromMinutes(9));
        Assert.Equal(1, pool.Count);
        _time.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(0, Living);
        pool.Expect();
        Assert.Equal(1, pool.Count);
    }

    [Fact]
    public void All_pools_together_hold_no_more_than_there_is_room_for()
    {
        var room = new PoolRoom(3);
        using var one = Pool(least: 2, s_always, room);
        using var other = Pool(least: 2, s_always, room);
        one.Open();
        other.Open();
        Assert.Equal((2, 1), (one.Count, other.Count));
        Assert.NotNull(one.TryTake());
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(3, one.Count + other.Count);
        one.Close();
        other.Expect();
        _time.Advance(TimeSpan.FromSeconds(2));
        // Two of the three places are kept for the one that is closed.
        Assert.Equal(1, other.Count);
        one.Open();
        Assert.Equal(2, one.Count);
        one.Dispose();
        other.Expect();
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(2, other.Count);
        other.Dispose();
        using var third = Pool(least: 3, s_always, room);
        third.Open();
        Assert.Equal(3, third.Count);
    }

    [Fact]
    public void A_busy_pool_leaves_others_their_own_places_and_a_share_of_the_rest()
    {
        var room = new PoolRoom(12);
        using var empty = Pool(least: 2, s_always, room);
        using var one = Pool(least: 1, s_always, room);
        using var other = Pool(least: 1, s_always, room);
        one.Open();
        Burst(one, 1_000);
        // Of the eight that are nobody's own, half.
        Assert.Equal(1 + 4, one.Count);
        other.Open();
        Burst(other, 1_000);
        Assert.Equal(1 + 2, other.Count);
        empty.Open();
        Assert.Equal(2, empty.Count);
    }

    [Fact]
    public void A_burst_beyond_the_room_is_forgotten_as_soon_as_one_that_fills_it()
    {
        using var pool = Pool(least: 1, s_always, new PoolRoom(16));
        pool.Open();
        Burst(pool, 1_000);
        Assert.Equal(1 + 8, pool.Count);
        // 16 fade to less than two in 42 s; 1,000 would take two minutes.
        _time.Advance(TimeSpan.FromSeconds(60));
        Assert.Equal(1, pool.Count);
    }

    [Fact]
    public void One_that_ends_while_it_waits_gives_its_place_to_another()
    {
        _pool.Open();
        _made[0].End();
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.True(_made[0].IsDestroyed);
        Assert.Equal((3, 2, 2), (_made.Count, _pool.Count, Living));
    }

    [Fact]
    public void Those_of_a_spawner_that_is_gone_leave_no_descriptors()
    {
        _pool.Open();
        Assert.Equal(2, Living);
        _pool.Close();
        Assert.Equal(0, Living);
    }

    [Fact]
    public void What_is_claimed_is_made_again_once_no_start_has_come_for_a_moment()
    {
        _pool.Open();
        Assert.Equal(2, _pool.Count);
        Assert.NotNull(_pool.TryTake());
        Assert.NotNull(_pool.TryTake());
        Assert.Null(_pool.TryTake());
        Assert.Equal(2, _made.Count);
        _time.Advance(TimeSpan.FromMilliseconds(4));
        Assert.Null(_pool.TryTake());
        _time.Advance(TimeSpan.FromMilliseconds(4));
        Assert.Equal(2, _made.Count);
        _time.Advance(TimeSpan.FromMilliseconds(2));
        Assert.Equal(4, _pool.Count);
    }

    [Fact]
    public void It_grows_to_the_busiest_second_and_shrinks_when_that_is_long_ago()
    {
        using var pool = Pool(least: 2, s_always, new PoolRoom(14));
        pool.Open();
        Burst(pool, 6);
        Assert.Equal(6, pool.Count);
        Burst(pool, 50);
        Assert.Equal(8, pool.Count);
        var taken = _made.Count - 8;

        _time.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal(2, pool.Count);
        Assert.Equal(taken + 2, Living);
    }

    [Fact]
    public void One_that_ended_meanwhile_is_not_given_out()
    {
        _pool.Open();
        _made[0].End();
        Assert.Same(_made[1], _pool.TryTake());
        Assert.True(_made[0].IsDestroyed);
    }

    [Fact]
    public async Task Those_of_a_spawner_that_is_gone_are_forgotten_and_one_that_was_on_its_way_too()
    {
        var late = new TaskCompletionSource<Shell>();
        _pool.Open();
        _create = () => late.Task;
        Assert.NotNull(_pool.TryTake());
        _time.Advance(s_quiet);
        _pool.Close();
        Assert.Equal(0, _pool.Count);
        _create = () => Task.FromResult(new Shell(77));
        _pool.Open();
        var old = new Shell(66);
        late.SetResult(old);
        await Eventually.True(() => old.IsDestroyed);
        await Eventually.True(() => _pool.Count == 2);
        Assert.Equal(77UL, _pool.TryTake()!.Id);
    }

    [Fact]
    public void A_spawner_that_refuses_is_asked_again_later_and_later()
    {
        var asked = 0;
        _create = () => ++asked < 3 ? Task.FromException<Shell>(new SpawnerException("no")) : Task.FromResult(new Shell(1));
        _pool.Open();
        Assert.Equal((1, 0), (asked, _pool.Count));
        Assert.Null(_pool.TryTake());
        _pool.Expect();
        Assert.Equal((1, 0), (asked, _pool.Count));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal((2, 0), (asked, _pool.Count));
        _time.Advance(TimeSpan.FromSeconds(1));
        _pool.Expect();
        Assert.Equal((2, 0), (asked, _pool.Count));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(2, _pool.Count);
    }

    private void Burst(ShellPool<Shell> pool, int starts)
    {
        for (var i = 0; i < starts; i++)
            pool.TryTake();
        _time.Advance(s_quiet);
    }

    private ShellPool<Shell> Pool(int least, TimeSpan keptFor, PoolRoom room) => new(least, keptFor, MakeAsync, room, _time, NullLogger.Instance);

    private async Task<Shell> MakeAsync()
    {
        var shell = await _create();
        _made.Add(shell);
        return shell;
    }
}
