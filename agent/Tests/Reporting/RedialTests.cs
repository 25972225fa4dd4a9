using System.Collections.Concurrent;
using Hearth.Agent.Reporting.Link;
using Hearth.Agent.Tests.Fakes;
using Xunit;

namespace Hearth.Agent.Tests.Reporting;

public sealed class RedialTests
{
    private static readonly TimeSpan s_short = TimeSpan.FromMilliseconds(1);

    [Fact]
    public async Task The_cause_is_told_once_until_there_was_a_connection_again()
    {
        var lives = 0;
        var told = new ConcurrentQueue<string>();
        using var redial = new Redial(s_short, s_short, TimeProvider.System, told.Enqueue);
        redial.Start((established, _) =>
        {
            var life = Interlocked.Increment(ref lives);
            if (life % 4 == 0)
                established();
            throw new InvalidOperationException($"life {life}");
        });
        await Eventually.True(() => Volatile.Read(ref lives) > 8);
        await redial.StopAsync();
        Assert.Equal(["life 1", "life 4", "life 8"], told.Take(3));
    }

    [Fact]
    public async Task A_stop_ends_a_connection_that_lives_and_is_no_loss()
    {
        var lives = 0;
        var told = new ConcurrentQueue<string>();
        using var redial = new Redial(s_short, s_short, TimeProvider.System, told.Enqueue);
        redial.Start((established, stop) =>
        {
            established();
            Interlocked.Increment(ref lives);
            return Task.Delay(Timeout.Infinite, stop);
        });
        await Eventually.True(() => Volatile.Read(ref lives) == 1);
        await redial.StopAsync();
        Assert.Equal((1, 0), (lives, told.Count));
    }

    [Fact]
    public async Task The_first_loop_that_ends_ends_the_others_and_its_reason_is_the_one()
    {
        using var ending = new CancellationTokenSource();
        var other = Task.Delay(Timeout.Infinite, ending.Token);
        var e = await Assert.ThrowsAsync<IOException>(() => Redial.AllAsync(ending, other, Task.FromException(new IOException("broken"))));
        Assert.Equal("broken", e.Message);
        Assert.True(other.IsCanceled);
        Assert.Equal("the control plane hung up", (await Assert.ThrowsAsync<InvalidOperationException>(() => Redial.AllAsync(ending, Task.CompletedTask))).Message);
    }
}
