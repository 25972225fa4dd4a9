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

    [Theory]
    [InlineData(12, 64 << 20, 2)]
    [InlineData(1_000, 24_000, 2_000)]
    public async Task OneFunctionsEventsAreNeverAllThatAnAgentHolds(int places, int bytes, int size)
    {
        await using QueueFixture q = new QueueFixture(new QueueSettings { MaxInFlightPerAgent = places, MaxInFlightBytesPerAgent = bytes }).Function("flood", "other", "third");
        // More at a time than the window of a function that has just begun: ticks let it grow as nothing comes back.
        for (int i = 0; i < 40; i++)
            await q.SendAsync("flood", $"\"{new string('x', size)}\"");
        int flood = Fill(q);
        Assert.InRange(flood, 5, 7);
        // Whoever comes later is tried at once, and has a share as well.
        await q.SendAsync("other");
        Assert.Equal("other", Assert.Single(q.Pump()).Function);
        for (int i = 0; i < 40; i++)
            await q.SendAsync("other", $"\"{new string('x', size)}\"");
        Assert.InRange(Fill(q), 1, 3);
        await q.SendAsync("third");
        Assert.Equal("third", Assert.Single(q.Pump()).Function);
    }

    [Fact]
    public async Task OneFunctionsEventsAreNeverAllOfTheFleets()
    {
        await using QueueFixture q = new QueueFixture(new QueueSettings { MaxInFlight = 12 }).Function("flood", "other");
        q.Queue.Attach(new TestAgent(), Other);
        for (int i = 0; i < 40; i++)
            await q.SendAsync("flood");
        Fill(q);
        Assert.Equal(6, q.Depth("flood").InFlight);
        await q.SendAsync("other");
        q.Queue.Pump();
        Assert.Equal(1, q.Depth("other").InFlight);
    }

    [Fact]
    public async Task AShareIsGivenBackWithTheEvents()
    {
        await using QueueFixture q = new QueueFixture(new QueueSettings { MaxInFlightPerAgent = 4 }).Function("f", "g");
        for (int i = 0; i < 20; i++)
        {
            await q.SendAsync("f");
            await q.SendAsync("g");
        }

        int done = 0;
        while (done < 40)
        {
            List<TestAgent.Given> given = q.Pump();
            Assert.NotEmpty(given);
            foreach (TestAgent.Given each in given)
                q.Answer(each, TestAgent.Success);
            done += given.Count;
        }
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

    /// <summary>Lets the windows grow as far as they do while nothing is reported.</summary>
    /// <returns>How many events were given out.</returns>
    private static int Fill(QueueFixture q)
    {
        int given = q.Pump().Count;
        for (int i = 0; i < 20; i++)
        {
            q.Clock.Advance(1);
            given += q.Pump().Count;
        }

        return given;
    }
}
