using Grpc.Core;
using Hearth.Contracts.V1;
using Hearth.ControlPlane.Tests.Adapters;
using Hearth.ControlPlane.Tests.Support;
using Xunit;
using Kind = Hearth.Contracts.V1.ControlMessage.BodyOneofCase;

namespace Hearth.ControlPlane.Tests.Agents;

public class AgentLinkTests
{
    [Fact]
    public async Task HearsTheSnapshotThenChanges()
    {
        await using TestServer server = await TestServer.StartAsync();
        var api = new GrpcAdapter(server.Grpc);
        await api.CreateAsync(new Settings { Name = "before", Environment = new() { ["AA"] = "b" } }, Zips.Good());
        await using FakeAgent agent = await FakeAgent.ConnectAsync(server);

        FunctionSpec spec = Assert.Single((await agent.NextAsync(Kind.Snapshot)).Snapshot.Functions);
        Assert.Equal(("before", "python", "$LATEST", "b", 128), (spec.FunctionName, spec.Language, spec.Version, spec.Environment["AA"], spec.MemoryMb));
        Outcome created = await api.CreateAsync(new Settings { Name = "after" }, Zips.Good());
        Assert.Equal(created.Revision, Assert.Single((await agent.NextAsync(Kind.Upsert)).Upsert.Versions).RevisionId);
        await api.DeleteAsync("before", null);
        Assert.Equal("before", (await agent.NextAsync(Kind.Removed)).Removed.FunctionName);
    }

    [Fact]
    public async Task ReportsMakeFunctionsActiveOrFailed()
    {
        await using TestServer server = await TestServer.StartAsync();
        var api = new GrpcAdapter(server.Grpc);
        await using FakeAgent agent = await FakeAgent.ConnectAsync(server);
        Outcome created = await api.CreateAsync(new Settings(), Zips.Good("1"));
        Assert.Equal("Pending", created.State);

        await agent.ReadyAsync("f", "some-other-revision");
        await agent.ReadyAsync("f", created.Revision, "disk full");
        Assert.Equal("Failed", (await UntilAsync(api, o => o.State != "Pending")).State);
        await agent.ReadyAsync("f", created.Revision);
        Outcome active = await UntilAsync(api, o => o.State != "Failed");
        Assert.Equal(("Active", "Successful", created.Revision), (active.State, active.LastUpdate, active.Revision));

        Outcome updated = await api.UpdateCodeAsync("f", Zips.Good("2"));
        Assert.Equal(("Active", "InProgress"), (updated.State, updated.LastUpdate));
        await agent.ReadyAsync("f", updated.Revision, "disk full");
        Outcome failed = await UntilAsync(api, o => o.LastUpdate != "InProgress");
        Assert.Equal(("Active", "Failed"), (failed.State, failed.LastUpdate));
    }

    [Fact]
    public async Task FetchesCodeByHash()
    {
        await using TestServer server = await TestServer.StartAsync();
        byte[] zip = RawZip.Of(new RawEntry("big") { Data = Noise(3_000_000) });
        Outcome created = await new GrpcAdapter(server.Grpc).CreateAsync(new Settings(), zip);
        var client = new AgentLink.AgentLinkClient(server.Grpc);
        string hash = Convert.ToHexStringLower(Convert.FromBase64String(created.Sha256));

        var got = new MemoryStream();
        using (AsyncServerStreamingCall<CodeChunk> call = client.FetchCode(new FetchCodeRequest { Sha256Hex = hash }, cancellationToken: TestContext.Current.CancellationToken))
        {
            await foreach (CodeChunk chunk in call.ResponseStream.ReadAllAsync(TestContext.Current.CancellationToken))
            {
                Assert.True(chunk.Data.Length <= 1 << 20);
                chunk.Data.WriteTo(got);
            }
        }

        Assert.Equal(zip, got.ToArray());
        foreach (string bad in new[] { "", "../lock", new string('0', 64), hash.ToUpperInvariant() })
        {
            using AsyncServerStreamingCall<CodeChunk> call = client.FetchCode(new FetchCodeRequest { Sha256Hex = bad }, cancellationToken: TestContext.Current.CancellationToken);
            var e = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(TestContext.Current.CancellationToken));
            Assert.Equal(StatusCode.NotFound, e.StatusCode);
        }
    }

    [Fact]
    public async Task NewerConnectionReplacesTheOlder()
    {
        await using TestServer server = await TestServer.StartAsync();
        await using FakeAgent older = await FakeAgent.ConnectAsync(server);
        await older.NextAsync(Kind.Snapshot);
        await using FakeAgent newer = await FakeAgent.ConnectAsync(server);
        await newer.NextAsync(Kind.Snapshot);
        var e = await Assert.ThrowsAsync<RpcException>(() => older.Ended);
        Assert.Contains("replaced", e.Status.Detail, StringComparison.Ordinal);
        await new GrpcAdapter(server.Grpc).CreateAsync(new Settings(), Zips.Good());
        await newer.NextAsync(Kind.Upsert);
    }

    [Fact]
    public async Task StoppingServerHangsUp()
    {
        await using TestServer server = await TestServer.StartAsync();
        await using FakeAgent agent = await FakeAgent.ConnectAsync(server);
        await agent.NextAsync(Kind.Snapshot);
        Hearth.ControlPlane.Agents.AgentConnection connection = Assert.Single(server.Agents.Current);
        await server.StopAsync();
        // .NET's HTTP/2 client forgets a status that it has received when the connection ends before its reader has woken up, so why can be lost here (not below, where the connection stays).
        await Assert.ThrowsAsync<RpcException>(() => agent.Ended);
        Assert.Equal("the control plane is stopping", connection.CloseReason);
    }

    [Fact]
    public async Task AnAgentIsToldWhyItIsHungUpOn()
    {
        await using TestServer server = await TestServer.StartAsync();
        await using FakeAgent agent = await FakeAgent.ConnectAsync(server);
        await agent.NextAsync(Kind.Snapshot);
        await Task.Run(() => server.Agents.CloseAll("the control plane is stopping"), TestContext.Current.CancellationToken);
        var e = await Assert.ThrowsAsync<RpcException>(() => agent.Ended);
        Assert.Equal((StatusCode.Aborted, "the control plane is stopping"), (e.StatusCode, e.Status.Detail));
    }

    [Fact]
    public async Task WhatIsBeingSaidIsFinishedBeforeAnAgentIsHungUpOn()
    {
        await using TestServer server = await TestServer.StartAsync();
        var api = new GrpcAdapter(server.Grpc);
        for (int i = 0; i < 60; i++)
            await api.CreateAsync(new Settings { Name = $"f{i}", Environment = new() { ["AA"] = new string('x', 4000) } }, Zips.Good());
        using AsyncDuplexStreamingCall<AgentMessage, ControlMessage> call = new AgentLink.AgentLinkClient(server.Grpc).Connect(cancellationToken: TestContext.Current.CancellationToken);
        await call.RequestStream.WriteAsync(new AgentMessage { Hello = new AgentHello { LinkVersion = 2, AgentId = "agent-1", Endpoint = "http://127.0.0.1:1" } }, TestContext.Current.CancellationToken);
        // The snapshot is larger than what is sent without being read, so its write is under way.
        await call.ResponseHeadersAsync;
        Hearth.ControlPlane.Agents.AgentConnection connection = Assert.Single(server.Agents.Current);
        Task closing = Task.Run(() => server.Agents.CloseAll("the control plane is stopping"), TestContext.Current.CancellationToken);
        while (!connection.Closed.IsCancellationRequested)
            await Task.Delay(1, TestContext.Current.CancellationToken);
        RpcException e = await Assert.ThrowsAsync<RpcException>(async () =>
        {
            while (await call.ResponseStream.MoveNext(TestContext.Current.CancellationToken))
            {
                // Only how it ends matters.
            }
        });
        Assert.Equal((StatusCode.Aborted, "the control plane is stopping"), (e.StatusCode, e.Status.Detail));
        await closing;
    }

    [Theory]
    [InlineData(3, "agent-1", StatusCode.FailedPrecondition)]
    [InlineData(2, "", StatusCode.InvalidArgument)]
    public async Task HelloIsChecked(int version, string id, StatusCode status)
    {
        await using TestServer server = await TestServer.StartAsync();
        using AsyncDuplexStreamingCall<AgentMessage, ControlMessage> call = new AgentLink.AgentLinkClient(server.Grpc).Connect(cancellationToken: TestContext.Current.CancellationToken);
        await call.RequestStream.WriteAsync(new AgentMessage { Hello = new AgentHello { LinkVersion = version, AgentId = id } }, TestContext.Current.CancellationToken);
        var e = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(TestContext.Current.CancellationToken));
        Assert.Equal(status, e.StatusCode);
    }

    // Kept from compressing, so that it takes several chunks.
    private static byte[] Noise(int length)
    {
        byte[] bytes = new byte[length];
        new Random(1).NextBytes(bytes);
        return bytes;
    }

    private static async Task<Outcome> UntilAsync(GrpcAdapter api, Func<Outcome, bool> reached)
    {
        while (true)
        {
            Outcome outcome = await api.GetAsync("f", null);
            if (reached(outcome))
                return outcome;
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }
    }
}
