using System.Collections.Concurrent;
using Hearth.Agent.Spawning;
using Hearth.Agent.Tests.Fakes;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hearth.Agent.Tests.Spawning;

/// <summary>Which kinds of sandboxes are made ahead of time, in which order, and who gets what.</summary>
public sealed class SandboxPoolsTests : IDisposable
{
    private static readonly TimeSpan s_quiet = TimeSpan.FromMilliseconds(6);
    private readonly ManualTimers _time = new();
    private readonly ConcurrentQueue<(PoolKind Kind, Shell Shell)> _made = [];
    private readonly SandboxPools<Shell> _pools;
    private Func<PoolKind, Task> _making = static _ => Task.CompletedTask;

    public SandboxPoolsTests()
    {
        _pools = new SandboxPools<Shell>(16, MakeAsync, _time, NullLogger.Instance);
        _pools.Open();
    }

    public void Dispose() => _pools.Dispose();

    [Fact]
    public void A_kind_has_one_ready_from_its_second_start_on_and_at_once_when_it_is_expected()
    {
        Start(Kind(1));
        Assert.Equal(0, Living(Kind(1)));
        Start(Kind(1));
        Assert.Equal(1, Living(Kind(1)));
        _pools.Expect(Kind(2));
        Assert.Equal(1, Living(Kind(2)));
        Assert.Same(_made.Single(one => one.Kind == Kind(2)).Shell, _pools.TryTake(Kind(2)));

        // What was asked for once, and long ago, is as good as new.
        Start(Kind(3));
        _time.Advance(TimeSpan.FromMinutes(11));
        Start(Kind(3));
        Assert.Equal(0, Living(Kind(3)));
    }

    [Fact]
    public void What_has_none_ready_of_its_own_gets_an_empty_one()
    {
        var empty = _made.Where(static one => one.Kind == PoolKind.Empty).Select(static one => one.Shell).ToArray();
        Assert.Equal(2, empty.Length);
        Assert.Same(empty[0], _pools.TryTake(Kind(1)));
        Assert.Same(empty[1], _pools.TryTake(Kind(1)));
        Assert.Null(_pools.TryTake(Kind(1)));
    }

    [Fact]
    public void The_start_that_brings_a_pool_goes_before_what_is_made_for_the_next()
    {
        Start(Kind(1));
        Start(Kind(1), andThen: TimeSpan.Zero);
        Assert.Equal(0, Living(Kind(1)));
        _time.Advance(s_quiet);
        Assert.Equal(1, Living(Kind(1)));
    }

    [Fact]
    public void Kinds_in_even_use_leave_each_other_alone()
    {
        for (var round = 0; round < 40; round++)
        {
            for (var kind = 1; kind <= 50; kind++)
                Start(Kind(kind));
        }

        // Six of fifty have pools, the same six all the time, and of those each start but the first two finds one.
        var warm = _made.Where(static one => one.Kind != PoolKind.Empty).ToLookup(static one => one.Kind, static one => one.Shell);
        Assert.Equal(6, warm.Count);
        Assert.All(warm, static kind => Assert.Equal(38, kind.Count(static shell => shell.IsTaken)));
    }

    [Fact]
    public void A_kind_replaces_the_one_that_was_asked_for_least_once_it_is_asked_for_more()
    {
        for (var kind = 1; kind <= 6; kind++)
        {
            for (var start = 0; start < 2 + kind; start++)
                Start(Kind(kind));
        }

        for (var start = 0; start < 3; start++)
            Start(Kind(9));
        // However often it is said that it may come: that is one start.
        for (var start = 0; start < 20; start++)
            _pools.Expect(Kind(8));
        Assert.Equal((true, false, false), (Living(Kind(1)) > 0, Living(Kind(8)) > 0, Living(Kind(9)) > 0));
        for (var start = 0; start < 3; start++)
            Start(Kind(9));
        Assert.Equal((false, true, true), (Living(Kind(1)) > 0, Living(Kind(9)) > 0, Living(Kind(2)) > 0));
        Assert.True(_made.Last(one => one.Kind == Kind(1)).Shell.IsDestroyed);

        // And one that nobody has asked for in ten minutes whoever is expected.
        _time.Advance(TimeSpan.FromMinutes(11));
        _pools.Expect(Kind(8));
        Assert.Equal(1, Living(Kind(8)));
    }

    [Fact]
    public async Task Interpreters_start_one_after_the_other_and_empty_sandboxes_wait_for_none()
    {
        var booting = new ConcurrentQueue<TaskCompletionSource>();
        _making = kind =>
        {
            if (kind == PoolKind.Empty)
                return Task.CompletedTask;
            var started = new TaskCompletionSource();
            booting.Enqueue(started);
            return started.Task;
        };
        _pools.Expect(Kind(1));
        _pools.Expect(Kind(2));
        Assert.Single(booting);
        Start(Kind(3));
        Start(Kind(3));
        Assert.Equal(2, Living(PoolKind.Empty));
        Assert.Single(booting);
        booting.First().SetResult();
        await Eventually.True(() => booting.Count == 2);
        Assert.Equal(1, Living(Kind(1)));
        booting.Last().SetResult();
        await Eventually.True(() => booting.Count == 3);
        Assert.Equal(1, Living(Kind(2)));
    }

    [Fact]
    public async Task A_pool_that_was_disposed_of_makes_nothing_when_its_turn_comes()
    {
        var booting = new TaskCompletionSource();
        _making = kind => kind == PoolKind.Empty ? Task.CompletedTask : booting.Task;
        for (var kind = 1; kind <= 6; kind++)
            _pools.Expect(Kind(kind));
        Start(Kind(1));
        for (var start = 0; start < 3; start++)
            Start(Kind(7));
        // The first is under way; the second would be next, and its place has gone to the seventh.
        booting.SetResult();
        await Eventually.True(() => Living(Kind(7)) > 0);
        Assert.Equal((1, 0, 1), (Living(Kind(1)), _made.Count(static one => one.Kind == Kind(2)), Living(Kind(3))));
    }

    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(1, 1, 0)]
    [InlineData(2, 2, 0)]
    [InlineData(3, 2, 1)]
    public void A_small_pool_has_empty_ones_first(int most, int empty, int warm)
    {
        _pools.Dispose();
        _made.Clear();
        using var pools = new SandboxPools<Shell>(most, MakeAsync, _time, NullLogger.Instance);
        pools.Open();
        for (var kind = 1; kind <= 3; kind++)
            pools.Expect(Kind(kind));
        Assert.Equal((empty, warm), (Living(PoolKind.Empty), Living(Kind(1)) + Living(Kind(2)) + Living(Kind(3))));
    }

    private static PoolKind Kind(int number) => new(1, 128 * number);

    private int Living(PoolKind kind) => _made.Count(one => one.Kind == kind && !one.Shell.IsDestroyed && !one.Shell.IsTaken);

    private void Start(PoolKind kind, TimeSpan? andThen = null)
    {
        _pools.TryTake(kind)?.Take();
        _time.Advance(andThen ?? s_quiet);
    }

    private async Task<Shell> MakeAsync(PoolKind kind)
    {
        await _making(kind);
        var shell = new Shell((ulong)_made.Count + 1);
        _made.Enqueue((kind, shell));
        return shell;
    }
}
