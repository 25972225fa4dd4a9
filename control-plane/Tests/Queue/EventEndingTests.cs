using System.Text.Json;
using Hearth.ControlPlane.Queue;
using Microsoft.Data.Sqlite;
using Xunit;

namespace Hearth.ControlPlane.Tests.Queue;

/// <summary>Where events go that end: dead-letter targets, functions that are closed, and what is counted meanwhile.</summary>
public class EventEndingTests
{
    private const string Arn = "arn:aws:lambda:us-east-1:000000000000:function:";
    private const string Sqs = "arn:aws:sqs:us-east-1:000000000000:dead";

    [Fact]
    public async Task ADeadLetterTargetThatIsAFunctionGetsTheRecord()
    {
        await using QueueFixture q = new QueueFixture().Function("f", "undertaker");
        q.Configs["f"] = EventPolicy.Default with { MaxRetries = 0, DeadLetterTarget = Arn + "undertaker" };
        Guid id = await q.SendAsync("f", "[7]");
        TestAgent.Given given = Assert.Single(q.Pump());
        // What a failed function answered comes anyway; a success is of no interest here.
        Assert.False(given.WantsResponse);
        q.Answer(given, TestAgent.Failure);
        TestAgent.Given delivered = await q.NextAsync();
        Assert.Equal("undertaker", delivered.Function);
        JsonElement record = JsonElement.Parse(delivered.Payload);
        Assert.Equal((id.ToString(), "RetriesExhausted"), (record.GetProperty("requestContext").GetProperty("requestId").GetString(), record.GetProperty("requestContext").GetProperty("condition").GetString()));
        await q.UntilAsync(() => q.Depth("f") is { Waiting: 0, InFlight: 0, DeadLetters: 0 });
    }

    [Fact]
    public async Task AFailureGoesToItsDestinationAndToItsDeadLetterTarget()
    {
        await using QueueFixture q = new QueueFixture().Function("f", "bad", "undertaker");
        q.Configs["f"] = new EventPolicy(0, TimeSpan.FromHours(6), null, Arn + "bad") { DeadLetterTarget = Arn + "undertaker" };
        await q.SendAsync("f");
        q.Answer(Assert.Single(q.Pump()), TestAgent.Failure);
        await q.UntilAsync(() => q.Queue.Describe(null).Count(d => d.Counters.Received == 1) == 3);
        Assert.Equal(["bad", "undertaker"], q.Pump().Select(g => g.Function).Order());
        Assert.Equal(0, q.Depth("f").DeadLetters);
    }

    [Fact]
    public async Task AQueueThatIsOnlyAnArnHasItsLettersHere()
    {
        await using QueueFixture q = new QueueFixture().Function("f", "bad");
        q.Configs["f"] = new EventPolicy(0, TimeSpan.FromHours(6), null, Arn + "bad") { DeadLetterTarget = Sqs };
        Guid id = await q.SendAsync("f");
        q.Answer(Assert.Single(q.Pump()), TestAgent.Failure);
        Assert.Equal("bad", (await q.NextAsync()).Function);
        Assert.Contains(Sqs, q.Queue.DeadLetter(id).Note, StringComparison.Ordinal);
        await q.UntilAsync(() => q.Depth("f") is { Waiting: 0, InFlight: 0, DeadLetters: 1 });
    }

    [Fact]
    public async Task AFunctionWithoutConcurrencyIsNotTried()
    {
        await using QueueFixture q = new QueueFixture().Function("f", "bad");
        q.Configs["f"] = EventPolicy.Default with { IsClosed = true };
        Guid id = await q.SendAsync("f");
        Assert.Empty(q.Pump());
        await q.UntilAsync(() => q.Depth("f") is { Waiting: 0, DeadLetters: 1 });
        DeadLetter letter = q.Queue.DeadLetter(id);
        Assert.Equal(("ZeroReservedConcurrency", 0, "TooManyRequestsException"), (letter.Condition, letter.Tries, letter.ErrorType));

        q.Configs["f"] = new EventPolicy(2, TimeSpan.FromHours(6), null, Arn + "bad") { IsClosed = true };
        await q.SendAsync("f");
        JsonElement record = JsonElement.Parse((await q.NextAsync()).Payload);
        Assert.Equal(("ZeroReservedConcurrency", 0), (record.GetProperty("requestContext").GetProperty("condition").GetString(), record.GetProperty("requestContext").GetProperty("approximateInvokeCount").GetInt32()));
        Assert.False(record.TryGetProperty("responsePayload", out _));
    }

    [Fact]
    public async Task ADeadLetterOfAFunctionThatGoesMeanwhileIsCounted()
    {
        await using QueueFixture q = new QueueFixture().Function("f", "g");
        q.Configs["f"] = EventPolicy.Default with { MaxRetries = 0 };
        Guid id = await q.SendAsync("f", "[1,2]");
        TestAgent.Given given = Assert.Single(q.Pump());
        using (await q.HoldStoreAsync("g"))
        {
            q.Answer(given, TestAgent.Failure);
            q.Functions.Change("f", _ => null);
        }

        await q.UntilAsync(() => q.Depth("f") is { DeadLetters: 1, Waiting: 0, Bytes: 5 });
        Assert.Equal(id, q.Queue.DeadLetter(id).RequestId);
        Assert.Equal(1, await q.Queue.RemoveAsync(q.Queue.DeadLetters("f", 0, 10)));
        Assert.Equal((0, 0), (q.Depth("f").DeadLetters, q.Depth("f").Bytes));
    }

    [Fact]
    public async Task WhatIsCountedIsWhatWasDone()
    {
        await using QueueFixture q = new QueueFixture().Function("f");
        q.Configs["f"] = EventPolicy.Default with { MaxRetries = 0 };
        Guid id = await q.SendAsync("f", "1");
        q.Answer(Assert.Single(q.Pump()), TestAgent.Failure);
        await q.UntilAsync(() => q.Depth("f").DeadLetters == 1);
        List<DeadLetter> seenBefore = q.Queue.DeadLetters("f", 0, 10);
        await Task.WhenAll(q.Queue.EditAsync(id, "[1,2]"u8.ToArray()), q.Queue.EditAsync(id, "[1,2,3]"u8.ToArray()));
        Assert.Equal(q.Queue.DeadLetter(id).PayloadBytes, q.Depth("f").Bytes);
        await q.Queue.RedriveAsync(seenBefore);
        Assert.Equal((1, 0), (q.Depth("f").Waiting, q.Depth("f").DeadLetters));
        q.Answer(await q.NextAsync(), TestAgent.Success);
        await q.UntilAsync(() => q.Depth("f") is { Waiting: 0, InFlight: 0, DeadLetters: 0, Bytes: 0 });
    }

    [Fact]
    public async Task ADeletionDoesNotReadTheWholeTable()
    {
        await using QueueFixture q = new QueueFixture().Function("f");
        await using var connection = new SqliteConnection($"Data Source={q.DatabasePath};Pooling=False");
        connection.Open();
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = "EXPLAIN QUERY PLAN DELETE FROM events WHERE function_name = 'f' AND sequence <= 5";
        using SqliteDataReader reader = command.ExecuteReader();
        Assert.True(reader.Read());
        Assert.Contains("events_by_function", reader.GetString(3), StringComparison.Ordinal);
    }

    [Fact]
    public async Task TheCacheCountsAllThatItHolds()
    {
        await using QueueFixture q = new QueueFixture(new QueueSettings { MaxCachedBytes = 5_000 }).Function("f");
        var body = new EventBody("{}"u8.ToArray(), new string('t', 500), new string('c', 250));
        Assert.Equal(2 + (2 * 750) + 200, body.Footprint);
        for (int i = 0; i < 4; i++)
            await q.Queue.AcceptAsync(new NewEvent(Guid.NewGuid(), "f", null, body));
        // 1,702 bytes each: two fit. The others are read when their turn comes.
        var cached = new List<bool>();
        while (cached.Count < 4)
        {
            foreach (TestAgent.Given given in q.Pump())
            {
                cached.Add(given.Event.CachedBytes > 0);
                q.Answer(given, TestAgent.Success);
            }
        }

        Assert.Equal([true, true, false, false], cached);
    }
}
