using Google.Protobuf;
using Hearth.Agent.Tests.Fakes;
using Hearth.Contracts.V1;
using Xunit;

namespace Hearth.Agent.Tests.Events;

/// <summary>What the control plane hands out, up to its result.</summary>
public sealed class EventRunnerTests
{
    [Fact]
    public async Task An_event_runs_under_its_own_id_and_is_metered_as_such()
    {
        using var function = new EventFunction();
        await using var node = await TestNode.StartAsync();
        await function.DeployAsync(node);
        var run = node.Control.Events.NewRun();
        node.Control.Events.Send(run);
        var id = new Guid(run.RequestId.Span, bigEndian: true);
        var result = Assert.Single(await node.Control.Events.ResultsAsync(run.EventId));
        Assert.Equal((200, "", "$LATEST", $"\"{id}\""), (result.Status, result.FunctionError, result.ExecutedVersion, result.Response.ToStringUtf8()));
        Assert.Equal($"{id}", Assert.Single(function.Runs));
        Assert.Equal(run.RequestId, Assert.Single(await node.LedgerAsync(1)).RequestId);
    }

    [Fact]
    public async Task An_event_that_is_given_again_while_it_runs_is_run_once()
    {
        using var function = new EventFunction();
        await using var node = await TestNode.StartAsync();
        await function.DeployAsync(node, waits: true);
        var events = node.Control.Events;
        var run = events.NewRun();
        events.Send(run);
        await Eventually.True(() => function.Runs.Length == 1);
        events.Send(run);
        await events.HangUpAndWaitAsync();
        events.Send(run);
        // An event of its own under the same id is none that a control plane gives.
        var other = run.Clone();
        other.EventId = 1_000;
        events.Send(other);
        Assert.Equal(503, Assert.Single(await events.ResultsAsync(1_000)).Status);
        function.GoOn();
        Assert.Equal(200, Assert.Single(await events.ResultsAsync(run.EventId)).Status);
        Assert.Single(function.Runs);
    }

    [Fact]
    public async Task A_result_that_nobody_has_on_the_disk_is_given_again_and_the_function_is_not()
    {
        using var function = new EventFunction();
        await using var node = await TestNode.StartAsync();
        await function.DeployAsync(node);
        var events = node.Control.Events;
        events.Settles = false;
        var run = events.NewRun();
        events.Send(run);
        await events.ResultsAsync(run.EventId);
        for (var again = 2; again <= 3; again++)
        {
            await events.HangUpAndWaitAsync();
            events.Send(run);
            var results = await events.ResultsAsync(run.EventId, again);
            Assert.Equal(results[0], results[^1]);
        }

        Assert.Single(function.Runs);
        // The next try is another run: the one before was counted.
        var next = run.Clone();
        next.Tries = 1;
        events.Send(next);
        await events.ResultsAsync(run.EventId, 4);
        Assert.Equal(2, function.Runs.Length);
        // Now it is on the disk: whoever gives it again wants it run again.
        events.Send(new EventsDown { Settled = { run.EventId } });
        events.Send(next);
        await events.ResultsAsync(run.EventId, 5);
        Assert.Equal(3, function.Runs.Length);
    }

    [Fact]
    public async Task A_full_agent_takes_nothing_more_and_says_why()
    {
        using var function = new EventFunction();
        await using var node = await TestNode.StartAsync(o => o with { MaxConcurrency = 2 });
        await function.DeployAsync(node, waits: true);
        var events = node.Control.Events;
        EventRun[] runs = [.. Enumerable.Range(0, 5).Select(_ => events.NewRun())];
        events.Send(runs);
        await Eventually.True(() => events.Results.Count == 3);
        Assert.All(events.Results, r => Assert.Equal((429, "TooManyRequestsException"), (r.Status, r.ErrorType)));
        // A throttle is no result of a function: the same try may come again.
        function.GoOn();
        foreach (var run in runs)
            await Eventually.True(() =>
            {
                if (events.Results.Any(r => r.EventId == run.EventId && r.Status == 200))
                    return true;
                if (events.Results.Count(r => r.Status == 200) >= 2)
                    events.Send(run);
                return false;
            });
        Assert.Equal(runs.Length, function.Runs.Distinct().Count());
    }

    [Fact]
    public async Task Garbage_is_refused_event_by_event()
    {
        using var function = new EventFunction();
        await using var node = await TestNode.StartAsync();
        await function.DeployAsync(node);
        var events = node.Control.Events;
        Action<EventRun>[] spoils =
        [
            static r => r.RequestId = ByteString.Empty,
            static r => r.RequestId = ByteString.CopyFrom(new byte[17]),
            static r => r.FunctionName = "",
            static r => r.FunctionName = "nobody",
            static r => r.FunctionName = "../../etc/passwd\0",
            static r => r.FunctionName = new string('f', 100_000),
            static r => r.Qualifier = new string('q', 100_000),
            static r => r.Qualifier = "\r\n",
            static r => r.TraceId = new string('t', 100_000),
            static r => r.TraceId = "a\r\nLambda-Runtime-Deadline-Ms: 0",
            static r => r.ContentType = "ä",
            static r => r.Payload = ByteString.CopyFrom(new byte[1_048_577]),
        ];
        foreach (var spoil in spoils)
        {
            var run = events.NewRun();
            spoil(run);
            events.Send(run);
            var result = Assert.Single(await events.ResultsAsync(run.EventId));
            Assert.True(result.Status is >= 400 and < 600 && result.Message.Length is > 0 and < 10_000, $"{result.Status} {result.ErrorType}");
        }

        events.Send(new EventsDown { Settled = { 0, ulong.MaxValue }, Answers = { new EventAnswer { OfferId = 77, Status = 202 } } });
        var good = events.NewRun();
        events.Send(good);
        Assert.Equal(200, Assert.Single(await events.ResultsAsync(good.EventId)).Status);
        Assert.Equal(1, events.Count);
        Assert.Single(function.Runs);
    }

    [Fact]
    public async Task What_runs_when_the_agent_stops_is_not_reported()
    {
        using var function = new EventFunction();
        FakeEvents events;
        await using (var node = await TestNode.StartAsync(o => o with { DrainTime = TimeSpan.FromMilliseconds(100) }))
        {
            events = node.Control.Events;
            await function.DeployAsync(node, waits: true);
            events.Send(events.NewRun());
            await Eventually.True(() => function.Runs.Length == 1);
        }

        Assert.Empty(events.Results);
    }
}
