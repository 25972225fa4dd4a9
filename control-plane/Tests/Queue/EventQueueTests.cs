using System.Text.Json;
using Hearth.Contracts;
using Hearth.ControlPlane.Queue;
using Xunit;

namespace Hearth.ControlPlane.Tests.Queue;

/// <summary>An event from its acceptance to its end, with a clock that stands.</summary>
public class EventQueueTests
{
    [Fact]
    public async Task ASuccessIsForgotten()
    {
        await using QueueFixture q = new QueueFixture().Function("f");
        Guid id = await q.SendAsync("f", """{"a":1}""", "live");
        TestAgent.Given given = Assert.Single(q.Pump());
        Assert.Equal((id, "f", "live", """{"a":1}""", false), (given.Event.RequestId, given.Function, given.Event.Qualifier, given.Payload, given.WantsResponse));
        q.Answer(given, TestAgent.Success);
        await q.UntilAsync(() => q.Depth("f") is { Waiting: 0, InFlight: 0, Bytes: 0 });
        Assert.Equal(new QueueCounters(1, 1, 0, 0, 0), q.Depth("f").Counters);
        await q.RestartAsync();
        Assert.Empty(q.Pump());
    }

    [Fact]
    public async Task AFailureIsTriedAtOneAndTwoMinutesWithTheSameIdAndThenIsADeadLetter()
    {
        await using QueueFixture q = new QueueFixture().Function("f");
        Guid id = await q.SendAsync("f", "[1]");
        foreach (int wait in new[] { 60, 120 })
        {
            q.Answer(Assert.Single(q.Pump()), TestAgent.Failure);
            q.Clock.Advance(wait - 1);
            Assert.Empty(q.Pump());
            q.Clock.Advance(1);
        }

        TestAgent.Given last = Assert.Single(q.Pump());
        Assert.Equal(id, last.Event.RequestId);
        q.Answer(last, TestAgent.Failure);
        await q.UntilAsync(() => q.Depth("f").DeadLetters == 1);
        DeadLetter letter = q.Queue.DeadLetter(id);
        Assert.Equal(("RetriesExhausted", 3, "KeyError", "no luck", "[1]"), (letter.Condition, letter.Tries, letter.ErrorType, letter.ErrorMessage, System.Text.Encoding.UTF8.GetString(letter.Payload)));
        Assert.Equal(TestAgent.Failure.Response.ToArray(), letter.Response);
        Assert.Equal(0, q.Depth("f").Waiting);
    }

    [Theory]
    [InlineData("{\"errorType\":\"\\ud800\"}")]
    [InlineData("{\"\\ud800\":1}")]
    [InlineData("[")]
    public async Task WhateverAFailedFunctionAnswersItsEventEnds(string response)
    {
        await using QueueFixture q = new QueueFixture().Function("f");
        q.Configs["f"] = EventPolicy.Default with { MaxRetries = 0 };
        Guid id = await q.SendAsync("f");
        q.Answer(Assert.Single(q.Pump()), TestAgent.Failure with { Response = System.Text.Encoding.UTF8.GetBytes(response) });
        await q.UntilAsync(() => q.Depth("f").DeadLetters == 1);
        Assert.Equal("RetriesExhausted", q.Queue.DeadLetter(id).Condition);
    }

    [Fact]
    public async Task RetriesSurviveACrash()
    {
        await using QueueFixture q = new QueueFixture().Function("f");
        Guid id = await q.SendAsync("f");
        q.Answer(Assert.Single(q.Pump()), TestAgent.Failure);
        await q.RestartAsync();
        Assert.Empty(q.Pump());
        q.Clock.Advance(60);
        TestAgent.Given second = Assert.Single(q.Pump());
        Assert.Equal((id, 1), (second.Event.RequestId, second.Event.Tries));
        // Under way when it crashes: again at once.
        await q.RestartAsync();
        Assert.Equal(id, Assert.Single(q.Pump()).Event.RequestId);
    }

    [Fact]
    public async Task ThrottlesGoBackToTheQueueUntilTheMaximumAge()
    {
        await using QueueFixture q = new QueueFixture().Function("f");
        q.Configs["f"] = EventPolicy.Default with { MaxAge = TimeSpan.FromSeconds(60) };
        Guid id = await q.SendAsync("f");
        foreach (int wait in new[] { 1, 2, 4, 8, 16 })
        {
            q.Answer(Assert.Single(q.Pump()), TestAgent.Throttled);
            q.Clock.Advance(wait - 0.001);
            Assert.Empty(q.Pump());
            q.Clock.Advance(0.001);
        }

        // The next one would be due after 63 seconds.
        q.Answer(Assert.Single(q.Pump()), TestAgent.Throttled);
        await q.UntilAsync(() => q.Depth("f").DeadLetters == 1);
        DeadLetter letter = q.Queue.DeadLetter(id);
        Assert.Equal(("EventAgeExceeded", 0, "TooManyRequestsException"), (letter.Condition, letter.Tries, letter.ErrorType));
    }

    [Fact]
    public async Task AnEventThatNoAgentTakesEndsAtItsAge()
    {
        await using QueueFixture q = new QueueFixture().Function("f");
        q.Queue.Detach(q.Agent, "the test says so");
        Guid id = await q.SendAsync("f");
        q.Clock.Advance(6 * 3600);
        q.Pump();
        Assert.Equal(1, q.Depth("f").Waiting);
        q.Clock.Advance(5);
        q.Pump();
        await q.UntilAsync(() => q.Depth("f").DeadLetters == 1);
        Assert.Equal("EventAgeExceeded", q.Queue.DeadLetter(id).Condition);
    }

    [Fact]
    public async Task WhatALostAgentHadGoesToTheNextOne()
    {
        await using QueueFixture q = new QueueFixture().Function("f");
        Guid id = await q.SendAsync("f");
        TestAgent.Given given = Assert.Single(q.Pump());
        q.Queue.Detach(q.Agent, "it died");
        // It speaks once more: too late.
        q.Answer(given, TestAgent.Success);
        q.Queue.Attach(q.Agent, QueueFixture.AgentId);
        q.Clock.Advance(1);
        Assert.Equal((id, 0), (Assert.Single(q.Pump()) is { } again ? again.Event.RequestId : default, given.Event.Tries));
    }

    [Fact]
    public async Task DestinationsGetLambdasRecord()
    {
        await using QueueFixture q = new QueueFixture().Function("f", "good", "bad");
        q.Configs["f"] = new EventPolicy(0, TimeSpan.FromHours(6), "arn:aws:lambda:us-east-1:000000000000:function:good", "arn:aws:lambda:us-east-1:000000000000:function:bad:live");
        Guid first = await q.SendAsync("f", """{"x":"ä"}""");
        TestAgent.Given given = Assert.Single(q.Pump());
        Assert.True(given.WantsResponse);
        q.Answer(given, TestAgent.Success);
        TestAgent.Given delivered = await q.NextAsync();
        Assert.Equal(("good", null), (delivered.Function, delivered.Event.Qualifier));
        Assert.NotEqual(first, delivered.Event.RequestId);
        Assert.Equal(
            $$$"""{"version":"1.0","timestamp":"2026-01-02T03:04:05.000Z","requestContext":{"requestId":"{{{first}}}","functionArn":"arn:aws:lambda:us-east-1:000000000000:function:f:$LATEST","condition":"Success","approximateInvokeCount":1},"requestPayload":{"x":"ä"},"responseContext":{"statusCode":200,"executedVersion":"$LATEST"},"responsePayload":"done"}""",
            delivered.Payload);
        q.Answer(delivered, TestAgent.Success);

        await q.SendAsync("f", "2");
        q.Answer(await q.NextAsync(), TestAgent.Failure);
        delivered = await q.NextAsync();
        Assert.Equal(("bad", "live"), (delivered.Function, delivered.Event.Qualifier));
        JsonElement record = JsonElement.Parse(delivered.Payload);
        Assert.Equal("RetriesExhausted", record.GetProperty("requestContext").GetProperty("condition").GetString());
        Assert.Equal("Unhandled", record.GetProperty("responseContext").GetProperty("functionError").GetString());
        Assert.Equal("KeyError", record.GetProperty("responsePayload").GetProperty("errorType").GetString());
        await q.UntilAsync(() => q.Depth("f") is { Waiting: 0, InFlight: 0, DeadLetters: 0 });
    }

    [Fact]
    public async Task WhatNoDestinationTakesIsADeadLetter()
    {
        await using QueueFixture q = new QueueFixture().Function("f");
        (string Destination, string Says)[] cases =
        [
            ("arn:aws:sqs:us-east-1:000000000000:q", "only functions"),
            ("arn:aws:lambda:us-east-1:000000000000:function:nobody", "Function not found"),
            ("arn:aws:lambda:eu-west-1:000000000000:function:f", "only functions"),
        ];
        foreach ((string destination, string says) in cases)
        {
            q.Configs["f"] = new EventPolicy(0, TimeSpan.FromHours(6), null, destination);
            Guid id = await q.SendAsync("f");
            q.Answer(await q.NextAsync(), TestAgent.Failure);
            await q.UntilAsync(() => q.Queue.DeadLetters("f", 0, 10).Exists(l => l.RequestId == id));
            Assert.Contains(says, q.Queue.DeadLetter(id).Note, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task ALoopOfDestinationsEnds()
    {
        await using QueueFixture q = new QueueFixture().Function("f");
        q.Configs["f"] = new EventPolicy(0, TimeSpan.FromHours(6), "arn:aws:lambda:us-east-1:000000000000:function:f", null);
        await q.SendAsync("f");
        for (int i = 0; i < 16; i++)
            q.Answer(await q.NextAsync(), TestAgent.Success);
        await q.UntilAsync(() => q.Depth("f") is { Waiting: 0, InFlight: 0 });
        Assert.Empty(q.Pump());
    }

    [Fact]
    public async Task ADeletedFunctionsEventsAreDroppedAndItsDeadLettersStay()
    {
        await using QueueFixture q = new QueueFixture().Function("f", "g");
        q.Configs["f"] = EventPolicy.Default with { MaxRetries = 0 };
        Guid dead = await q.SendAsync("f");
        q.Answer(await q.NextAsync(), TestAgent.Failure);
        await q.UntilAsync(() => q.Depth("f").DeadLetters == 1);
        for (int i = 0; i < 5; i++)
            await q.SendAsync("f");
        TestAgent.Given underWay = q.Pump()[0];
        q.Functions.Change("f", _ => null);
        Assert.Equal((404, "ResourceNotFoundException"), await RefusalAsync(() => q.SendAsync("f")));
        q.Function("f");
        q.Answer(underWay, TestAgent.Failure);
        Guid fresh = await q.SendAsync("f");
        Assert.Equal(fresh, Assert.Single(q.Pump()).Event.RequestId);
        Assert.Equal((0, 1, 1), (q.Depth("f").Waiting, q.Depth("f").InFlight, q.Depth("f").DeadLetters));
        await q.RestartAsync();
        Assert.Equal(fresh, Assert.Single(q.Pump()).Event.RequestId);
        Assert.Equal(dead, q.Queue.DeadLetter(dead).RequestId);
    }

    [Fact]
    public async Task OneFunctionsThousandsDoNotStandBeforeAnothersFirst()
    {
        await using QueueFixture q = new QueueFixture().Function("many", "few");
        for (int i = 0; i < 50; i++)
            await q.SendAsync("many");
        await q.SendAsync("few");
        Assert.Contains("few", q.Pump().Select(g => g.Function));
    }

    [Fact]
    public async Task AFullQueueRefusesWithTheReason()
    {
        await using QueueFixture q = new QueueFixture(new QueueSettings { MaxEventsPerFunction = 3, MaxEvents = 5, MaxBytesPerFunction = 1_000 }).Function("f", "g");
        for (int i = 0; i < 3; i++)
            await q.SendAsync("f");
        Assert.Equal((429, "TooManyRequestsException"), await RefusalAsync(() => q.SendAsync("f")));
        Assert.Equal((429, "TooManyRequestsException"), await RefusalAsync(() => q.SendAsync("g", $"\"{new string('x', 1_000)}\"")));
        await q.SendAsync("g");
        await q.SendAsync("g");
        Assert.Equal((429, "TooManyRequestsException"), await RefusalAsync(() => q.SendAsync("g")));
        TestAgent.Given done = q.Pump().First(g => g.Function == "f");
        q.Answer(done, TestAgent.Success);
        await q.UntilAsync(() => q.Depth("f") is { Waiting: 1, InFlight: 1 });
        await q.SendAsync("f");
    }

    [Fact]
    public async Task DeadLettersAreEditedRedrivenAndRemoved()
    {
        await using QueueFixture q = new QueueFixture().Function("f");
        q.Configs["f"] = EventPolicy.Default with { MaxRetries = 0 };
        var ids = new List<Guid>();
        for (int i = 0; i < 3; i++)
        {
            ids.Add(await q.SendAsync("f", $"{i}"));
            q.Answer(await q.NextAsync(), TestAgent.Failure);
        }

        await q.UntilAsync(() => q.Depth("f").DeadLetters == 3);
        Assert.Equal(ids, q.Queue.DeadLetters(null, 0, 10).Select(l => l.RequestId));
        Assert.Equal(5, (await q.Queue.EditAsync(ids[1], "[1,2]"u8.ToArray())).PayloadBytes);
        Assert.Equal(7, q.Depth("f").Bytes);
        Assert.Equal(1, await q.Queue.RemoveAsync([q.Queue.DeadLetter(ids[0])]));
        List<DeadLetter> left = q.Queue.DeadLetters("f", 0, 10);
        Assert.Equal(2, await q.Queue.RedriveAsync(left));
        // Nobody is sent twice.
        Assert.Equal(0, await q.Queue.RedriveAsync(left));
        List<TestAgent.Given> again = q.Pump();
        Assert.Equal([(ids[1], "[1,2]"), (ids[2], "2")], again.Select(g => (g.Event.RequestId, g.Payload)));
        Assert.All(again, g => Assert.Equal(0, g.Event.Tries));
        Assert.Equal((404, "ResourceNotFoundException"), await RefusalAsync(() => q.Queue.EditAsync(ids[0], "1"u8.ToArray())));
        foreach (TestAgent.Given given in again)
            q.Answer(given, TestAgent.Success);
        await q.UntilAsync(() => q.Depth("f") is { Waiting: 0, InFlight: 0, DeadLetters: 0, Bytes: 0 });
    }

    [Fact]
    public async Task DeadLettersDoNotStayForEver()
    {
        await using QueueFixture q = new QueueFixture().Function("f");
        q.Configs["f"] = EventPolicy.Default with { MaxRetries = 0 };
        await q.SendAsync("f");
        q.Answer(await q.NextAsync(), TestAgent.Failure);
        await q.UntilAsync(() => q.Depth("f").DeadLetters == 1);
        q.Clock.Advance(14 * 86_400);
        q.Pump();
        Assert.Equal(1, q.Depth("f").DeadLetters);
        q.Clock.Advance(3_600);
        q.Pump();
        await q.UntilAsync(() => q.Depth("f").DeadLetters == 0);
    }

    private static async Task<(int, string)> RefusalAsync(Func<Task> send)
    {
        LambdaError error = (await Assert.ThrowsAsync<LambdaException>(send)).Error;
        return (error.Status, error.Code);
    }
}
