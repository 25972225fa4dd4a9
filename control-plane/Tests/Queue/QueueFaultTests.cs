using Hearth.ControlPlane.Queue;
using Xunit;

namespace Hearth.ControlPlane.Tests.Queue;

/// <summary>What fails with one event: no place is lost, no event, and the others go on.</summary>
public class QueueFaultTests
{
    [Fact]
    public async Task WhereItIsHandedOut()
    {
        await using QueueFixture q = new QueueFixture().Function("bad", "good");
        Guid id = await q.SendAsync("bad");
        await q.SendAsync("good");
        q.Pump();
        q.Agent.Take();
        await q.RestartAsync();
        q.Fault = "bad";
        Assert.Throws<InvalidOperationException>(() => q.Queue.Pump());
        Assert.Equal("good", Assert.Single(q.Pump()).Function);
        Assert.Equal((1, 0), (q.Depth("bad").Waiting, q.Depth("bad").InFlight));
        q.Fault = null;
        q.Clock.Advance(1);
        Assert.Equal(id, Assert.Single(q.Pump()).Event.RequestId);
    }

    [Fact]
    public async Task WhereItComesBack()
    {
        await using QueueFixture q = new QueueFixture().Function("bad", "good");
        Guid id = await q.SendAsync("bad");
        await q.SendAsync("good");
        List<TestAgent.Given> given = q.Pump();
        q.Fault = "bad";
        q.Answer(given.Single(g => g.Function == "bad"), TestAgent.Success);
        q.Answer(given.Single(g => g.Function == "good"), TestAgent.Success);
        await q.UntilAsync(() => q.Depth("good") is { Waiting: 0, InFlight: 0 });
        q.Fault = null;
        q.Clock.Advance(1);
        Assert.Equal(id, Assert.Single(q.Pump()).Event.RequestId);
    }

    [Fact]
    public async Task WhereItsAgentGoes()
    {
        await using QueueFixture q = new QueueFixture().Function("bad", "good");
        await q.SendAsync("bad");
        await q.SendAsync("good");
        Assert.Equal(2, q.Pump().Count);
        q.Fault = "bad";
        q.Queue.Detach(q.Agent, "it died");
        q.Fault = null;
        q.Queue.Attach(q.Agent, QueueFixture.AgentId);
        q.Clock.Advance(1);
        Assert.Equal(2, q.Pump().Count);
        Assert.Equal((0, 1), (q.Depth("bad").Waiting, q.Depth("bad").InFlight));
    }

    [Fact]
    public async Task WhereItExpires()
    {
        await using QueueFixture q = new QueueFixture().Function("bad");
        q.Queue.Detach(q.Agent, "the test says so");
        for (int i = 0; i < 3; i++)
            await q.SendAsync("bad");
        q.Clock.Advance((6 * 3600) + 1);
        q.Fault = "bad";
        Assert.Throws<InvalidOperationException>(() => q.Queue.Pump());
        q.Fault = null;
        q.Clock.Advance(5);
        q.Pump();
        await q.UntilAsync(() => q.Depth("bad") is { DeadLetters: 3, Waiting: 0 });
    }
}
