using Hearth.ControlPlane.Queue;
using Xunit;

namespace Hearth.ControlPlane.Tests.Queue;

/// <summary>Agents that take events and do not do their part.</summary>
public class AgentShareTests
{
    private const string Other = "agent-2";

    [Fact]
    public async Task WhatAnAgentDoesNotReportInTimeIsGivenAgain()
    {
        await using QueueFixture q = new QueueFixture().Function("f");
        q.Configs["f"] = EventPolicy.Default with { Timeout = TimeSpan.FromSeconds(10) };
        Guid id = await q.SendAsync("f");
        TestAgent.Given given = Assert.Single(q.Pump());
        // Twice its timeout, as it may wait for an instance as long as it may run, and a minute.
        q.Clock.Advance(79);
        Assert.Empty(q.Pump());
        Assert.Equal(1, q.Depth("f").InFlight);
        q.Clock.Advance(5);
        q.Pump();
        Assert.Equal((1, 0), (q.Depth("f").Waiting, q.Depth("f").InFlight));
        q.Clock.Advance(1);
        TestAgent.Given again = Assert.Single(q.Pump());
        Assert.Equal((id, 0), (again.Event.RequestId, again.Event.Tries));
        q.Answer(given, TestAgent.Success);
        await q.UntilAsync(() => q.Depth("f") is { Waiting: 0, InFlight: 0 });
    }

    [Fact]
    public async Task NothingIsUnderWayForMoreThanSixteenMinutes()
    {
        await using QueueFixture q = new QueueFixture().Function("f");
        await q.SendAsync("f");
        Assert.Single(q.Pump());
        q.Clock.Advance(16 * 60);
        q.Pump();
        Assert.Equal((1, 0), (q.Depth("f").Waiting, q.Depth("f").InFlight));
    }

    [Fact]
    public async Task OneAgentCannotHoldAllPlaces()
    {
        await using QueueFixture q = new QueueFixture(new QueueSettings { MaxInFlightPerAgent = 5 });
        // A window of its own for each function: two at once, to begin with.
        string[] functions = [.. Enumerable.Range(0, 6).Select(i => $"f{i}")];
        q.Function(functions);
        foreach (string function in functions)
        {
            await q.SendAsync(function);
            await q.SendAsync(function);
        }

        Assert.Equal(5, q.Pump().Count);
        var other = new TestAgent();
        q.Queue.Attach(other, Other);
        q.Queue.Pump();
        Assert.Equal(5, other.Take().Count);
    }

    [Fact]
    public async Task TheBytesOfOneAgentAreBoundedToo()
    {
        await using QueueFixture q = new QueueFixture(new QueueSettings { MaxInFlightBytesPerAgent = 2_000 }).Function("f", "g");
        await q.SendAsync("f", $"\"{new string('x', 2_000)}\"");
        await q.SendAsync("g");
        Assert.Single(q.Pump());
        var other = new TestAgent();
        q.Queue.Attach(other, Other);
        q.Queue.Pump();
        Assert.Single(other.Take());
    }

    [Fact]
    public async Task AnAgentThatDidNotReportIsAskedLast()
    {
        await using QueueFixture q = new QueueFixture().Function("f", "g");
        await q.SendAsync("f");
        Assert.Single(q.Pump());
        var other = new TestAgent();
        q.Queue.Attach(other, Other);
        q.Clock.Advance(16 * 60);
        q.Pump();
        q.Clock.Advance(1);
        Assert.Empty(q.Pump());
        Assert.Equal("f", Assert.Single(other.Take()).Function);
    }

    [Fact]
    public async Task ANewerStreamOfAnAgentReplacesTheOlder()
    {
        await using QueueFixture q = new QueueFixture().Function("f");
        Guid id = await q.SendAsync("f");
        TestAgent.Given given = Assert.Single(q.Pump());
        var newer = new TestAgent();
        q.Queue.Attach(newer, QueueFixture.AgentId);
        Assert.Contains("newer stream", q.Agent.Ended, StringComparison.Ordinal);
        Assert.Null(newer.Ended);
        // Its end comes later, and takes nothing from the newer one.
        q.Answer(given, TestAgent.Success);
        q.Queue.Detach(q.Agent, "it hung up");
        q.Clock.Advance(1);
        Assert.Empty(q.Pump());
        Assert.Equal(id, Assert.Single(newer.Take()).Event.RequestId);
    }

    [Fact]
    public async Task AnAgentHearsWhenItsReportIsOnTheDisk()
    {
        await using QueueFixture q = new QueueFixture().Function("f");
        foreach (RunOutcome outcome in new[] { TestAgent.Success, TestAgent.Failure, TestAgent.Throttled })
        {
            await q.SendAsync("f");
            q.Clock.Advance(2);
            TestAgent.Given given = Assert.Single(q.Pump());
            q.Answer(given, outcome);
            await q.UntilAsync(() => q.Agent.Settlements.Contains(given.Event.Sequence));
        }
    }
}
