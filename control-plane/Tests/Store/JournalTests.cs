using Hearth.Contracts.V1;
using Hearth.ControlPlane.Tests.Adapters;
using Hearth.ControlPlane.Tests.Support;
using Xunit;
using Kind = Hearth.Contracts.V1.ControlMessage.BodyOneofCase;

namespace Hearth.ControlPlane.Tests.Store;

/// <summary>Each invocation is counted once, whatever is sent again, overlaps, is missing, or happens to the process between.</summary>
public class JournalTests
{
    private const long Hour = 3_600_000;

    [Fact]
    public async Task DuplicatesAndOverlapsCountOnce()
    {
        await using TestServer server = await TestServer.StartAsync();
        await using FakeAgent agent = await FakeAgent.ConnectAsync(server);
        Assert.Equal(10UL, await SendAsync(agent, Batch(7, 1, 10)));
        Assert.Equal(10UL, await SendAsync(agent, Batch(7, 1, 10)));
        Assert.Equal(10UL, await SendAsync(agent, Batch(7, 3, 4)));
        Assert.Equal(15UL, await SendAsync(agent, Batch(7, 6, 10)));
        Assert.Equal(15, (await UsageAsync(server)).Requests);
        // Another epoch is another journal.
        Assert.Equal(5UL, await SendAsync(agent, Batch(8, 1, 5)));
        Assert.Equal(20, (await UsageAsync(server)).Requests);
    }

    [Fact]
    public async Task GapIsAppliedAndNotFilledTwice()
    {
        await using TestServer server = await TestServer.StartAsync();
        await using FakeAgent agent = await FakeAgent.ConnectAsync(server);
        Assert.Equal(5UL, await SendAsync(agent, Batch(7, 1, 5)));
        Assert.Equal(12UL, await SendAsync(agent, Batch(7, 11, 2)));
        Assert.Equal(12UL, await SendAsync(agent, Batch(7, 6, 5)));
        Assert.Equal(7, (await UsageAsync(server)).Requests);
    }

    [Fact]
    public async Task FullDiskKeepsTheConnectionAndLosesNothing()
    {
        await using TestServer server = await TestServer.StartAsync();
        await using FakeAgent agent = await FakeAgent.ConnectAsync(server);
        var api = new GrpcAdapter(server.Grpc);
        await api.CreateAsync(new Settings(), Zips.Good());
        server.SetDiskFull(true);
        JournalBatch batch = Batch(7, 1, 1000);
        for (int i = 0; i < 999; i++)
            batch.Records[i].FunctionName = $"function-{i}";
        await agent.SendAsync(new AgentMessage { Journal = batch });
        // What an agent on the same disk says, and it has no room either.
        string revision = (await agent.NextAsync(Kind.Upsert)).Upsert.Versions[0].RevisionId;
        await agent.ReadyAsync("f", revision, error: new string('z', 1_000));

        // Refused for the same reason, in words that say what to do; nothing of it is there.
        Outcome refused = new("ok");
        for (int i = 0; i < 100 && refused.Code == "ok"; i++)
            refused = await api.CreateAsync(new Settings { Name = $"more-{i}", Description = new string('x', 256), Environment = new() { ["KEY"] = new string('y', 2000) } }, Zips.Good());
        Assert.Contains("disk of the control plane's data directory is full", refused.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(refused.Code, (string[])["ok", "Internal"]);
        // The connection is the same one: definitions still come.
        await api.DeleteAsync("f", null);
        Assert.Equal("f", (await agent.NextAsync(Kind.Removed)).Removed.FunctionName);

        server.SetDiskFull(false);
        JournalAck ack = (await agent.NextAsync(Kind.JournalAck)).JournalAck;
        Assert.Equal(1000UL, ack.LastSequence);
        Assert.Equal(1, (await UsageAsync(server)).Requests);
    }

    [Fact]
    public async Task RestartsBetweenAndTwoAgents()
    {
        await using TestServer server = await TestServer.StartAsync();
        for (int round = 0; round < 3; round++)
        {
            await using (FakeAgent one = await FakeAgent.ConnectAsync(server, "one"))
            await using (FakeAgent two = await FakeAgent.ConnectAsync(server, "two"))
            {
                await SendAsync(one, Batch(1, 1, 5 * (round + 1)));
                await SendAsync(two, Batch(1, 1, 7 * (round + 1)));
            }

            await server.RestartAsync();
        }

        Assert.Equal(15 + 21, (await UsageAsync(server)).Requests);
    }

    [Fact]
    public async Task SumsArePreciseAndOutliveTheFunction()
    {
        await using TestServer server = await TestServer.StartAsync();
        await new GrpcAdapter(server.Grpc).CreateAsync(new Settings(), Zips.Good());
        await using FakeAgent agent = await FakeAgent.ConnectAsync(server);
        var batch = new JournalBatch { Epoch = 1, FirstSequence = 1 };
        batch.Records.Add(Record(Hour, InvocationStatus.Success, billedMs: 100, memoryMb: 128, maxMemoryMb: 40, initUs: 5));
        batch.Records.Add(Record(Hour + 1, InvocationStatus.Timeout, billedMs: 3_000, memoryMb: 1_024, maxMemoryMb: 90, initUs: 0));
        batch.Records.Add(Record(3 * Hour, InvocationStatus.Success, billedMs: 1, memoryMb: 128, maxMemoryMb: 30, initUs: 0));
        batch.Records.Add(Record(3 * Hour, InvocationStatus.PlatformError, billedMs: 0, memoryMb: 128, maxMemoryMb: 0, initUs: 0));
        batch.Records.Add(Record(-1, InvocationStatus.Success, billedMs: 1, memoryMb: 128, maxMemoryMb: 1, initUs: 0));
        Assert.Equal(5UL, await SendAsync(agent, batch));
        await new GrpcAdapter(server.Grpc).DeleteAsync("f", null);

        FunctionUsage all = await UsageAsync(server);
        Assert.Equal((3, 1, 1, 1), (all.Requests, all.Errors, all.ColdStarts, all.PlatformErrors));
        Assert.Equal((3_101, 100 * 128 + 3_000 * 1_024 + 128, 90), (all.BilledMs, all.BilledMbMs, all.MaxMemoryMb));
        Assert.Equal(3 / 1e6 * 0.20 + (100 * 128 + 3_000 * 1_024 + 128) / 1024.0 / 1000 * 0.0000166667, all.Cost, 15);
        Assert.Equal(1, (await UsageAsync(server, since: 2 * Hour)).Requests);
        Assert.Equal(2, (await UsageAsync(server, until: 2 * Hour)).Requests);
        Assert.Equal(2, (await UsageAsync(server, since: Hour + 5, until: Hour + 6)).Requests);
    }

    private static JournalBatch Batch(ulong epoch, ulong first, int count)
    {
        var batch = new JournalBatch { Epoch = epoch, FirstSequence = first };
        for (int i = 0; i < count; i++)
            batch.Records.Add(Record(Hour, InvocationStatus.Success, billedMs: 1, memoryMb: 128, maxMemoryMb: 1, initUs: 0));
        return batch;
    }

    private static InvocationRecord Record(long start, InvocationStatus status, long billedMs, int memoryMb, int maxMemoryMb, long initUs) => new()
    {
        FunctionName = "f",
        StartUnixMs = start,
        DurationUs = 1,
        Status = (int)status,
        BilledMs = billedMs,
        MemoryMb = memoryMb,
        MaxMemoryMb = maxMemoryMb,
        InitUs = initUs,
    };

    private static async Task<ulong> SendAsync(FakeAgent agent, JournalBatch batch)
    {
        await agent.SendAsync(new AgentMessage { Journal = batch });
        JournalAck ack = (await agent.NextAsync(Kind.JournalAck)).JournalAck;
        Assert.Equal(batch.Epoch, ack.Epoch);
        return ack.LastSequence;
    }

    private static async Task<FunctionUsage> UsageAsync(TestServer server, long since = 0, long until = 0)
    {
        GetUsageResponse usage = await new Operations.OperationsClient(server.Grpc).GetUsageAsync(
            new GetUsageRequest { FunctionName = "f", SinceUnixMs = since, UntilUnixMs = until }, cancellationToken: TestContext.Current.CancellationToken);
        return Assert.Single(usage.Functions);
    }
}
