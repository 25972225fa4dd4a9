using Grpc.Core;
using Hearth.Contracts.V1;
using Hearth.ControlPlane.Tests.Adapters;
using Hearth.ControlPlane.Tests.Support;
using Xunit;
using Kind = Hearth.Contracts.V1.ControlMessage.BodyOneofCase;

namespace Hearth.ControlPlane.Tests.Agents;

public class QueryTests
{
    [Fact]
    public async Task WithoutAgentItSaysSo()
    {
        await using TestServer server = await TestServer.StartAsync();
        var operations = new Operations.OperationsClient(server.Grpc);
        var e = await Assert.ThrowsAsync<RpcException>(async () => await operations.ListInstancesAsync(new ListInstancesRequest(), cancellationToken: TestContext.Current.CancellationToken));
        Assert.Equal((StatusCode.Unavailable, "ServiceException"), (e.StatusCode, e.Trailers.GetValue("x-amzn-errortype")));
        NodeInfo node = await operations.GetNodeAsync(new GetNodeRequest(), cancellationToken: TestContext.Current.CancellationToken);
        Assert.False(node.AgentConnected);
        ListRuntimesResponse runtimes = await operations.ListRuntimesAsync(new ListRuntimesRequest(), cancellationToken: TestContext.Current.CancellationToken);
        Assert.Contains("python3.12", runtimes.Runtimes.Single(r => r.Language == "python").RuntimeIds);
    }

    [Fact]
    public async Task InstancesOfSeveralAgentsAreMerged()
    {
        await using TestServer server = await TestServer.StartAsync();
        await using FakeAgent one = await FakeAgent.ConnectAsync(server, "one");
        await one.NextAsync(Kind.Snapshot);
        await using FakeAgent two = await FakeAgent.ConnectAsync(server, "two");
        await two.NextAsync(Kind.Snapshot);
        var operations = new Operations.OperationsClient(server.Grpc);

        Task<ListInstancesResponse> asking = operations.ListInstancesAsync(new ListInstancesRequest(), cancellationToken: TestContext.Current.CancellationToken).ResponseAsync;
        foreach ((FakeAgent agent, string name) in new[] { (one, "b"), (two, "a") })
        {
            Query query = (await agent.NextAsync(Kind.Query)).Query;
            var result = new QueryResult { QueryId = query.QueryId, Done = true };
            result.Instances.Add(new Instance { FunctionName = name });
            await agent.SendAsync(new AgentMessage { QueryResult = result });
        }

        Assert.Equal(["a", "b"], (await asking).Instances.Select(i => i.FunctionName));
    }

    [Fact]
    public async Task FollowingLogsStreamsAndIsCancelledAtTheAgent()
    {
        await using TestServer server = await TestServer.StartAsync();
        await using FakeAgent agent = await FakeAgent.ConnectAsync(server);
        await agent.NextAsync(Kind.Snapshot);
        ulong id;
        using (AsyncServerStreamingCall<LogLine> call = new Operations.OperationsClient(server.Grpc).ReadLogs(new ReadLogsRequest { FunctionName = "f", Follow = true }, cancellationToken: TestContext.Current.CancellationToken))
        {
            Query query = (await agent.NextAsync(Kind.Query)).Query;
            id = query.QueryId;
            Assert.True(query.Logs.Follow);
            for (int i = 0; i < 3; i++)
            {
                await agent.SendAsync(new AgentMessage { QueryResult = Lines(id, $"line {i}") });
                Assert.True(await call.ResponseStream.MoveNext(TestContext.Current.CancellationToken));
                Assert.Equal($"line {i}", call.ResponseStream.Current.Text);
            }
        }

        Assert.Equal(id, (await agent.NextAsync(Kind.CancelQuery)).CancelQuery.QueryId);
    }

    [Fact]
    public async Task LogsOfSeveralAgentsComeInOrderOfTime()
    {
        await using TestServer server = await TestServer.StartAsync();
        await using FakeAgent one = await FakeAgent.ConnectAsync(server, "one");
        await one.NextAsync(Kind.Snapshot);
        await using FakeAgent two = await FakeAgent.ConnectAsync(server, "two");
        await two.NextAsync(Kind.Snapshot);
        using AsyncServerStreamingCall<LogLine> call = new Operations.OperationsClient(server.Grpc).ReadLogs(new ReadLogsRequest { FunctionName = "f", Tail = 3 }, cancellationToken: TestContext.Current.CancellationToken);
        foreach ((FakeAgent agent, long[] times) in new[] { (one, new long[] { 1, 4 }), (two, [2, 3]) })
        {
            var result = new QueryResult { QueryId = (await agent.NextAsync(Kind.Query)).Query.QueryId, Done = true };
            result.Lines.AddRange(times.Select(t => new LogLine { TimeUnixMs = t }));
            await agent.SendAsync(new AgentMessage { QueryResult = result });
        }

        var got = new List<long>();
        await foreach (LogLine line in call.ResponseStream.ReadAllAsync(TestContext.Current.CancellationToken))
            got.Add(line.TimeUnixMs);
        Assert.Equal([2, 3, 4], got);
    }

    [Fact]
    public async Task AgentThatDiesEndsItsQueries()
    {
        await using TestServer server = await TestServer.StartAsync();
        FakeAgent agent = await FakeAgent.ConnectAsync(server);
        await agent.NextAsync(Kind.Snapshot);
        using AsyncServerStreamingCall<LogLine> call = new Operations.OperationsClient(server.Grpc).ReadLogs(new ReadLogsRequest { FunctionName = "f", Follow = true }, cancellationToken: TestContext.Current.CancellationToken);
        await agent.NextAsync(Kind.Query);
        await agent.DisposeAsync();
        var e = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(TestContext.Current.CancellationToken));
        Assert.Equal(StatusCode.Unavailable, e.StatusCode);
    }

    [Fact]
    public async Task UnknownFunctionHasNoLogs()
    {
        await using TestServer server = await TestServer.StartAsync();
        await using FakeAgent agent = await FakeAgent.ConnectAsync(server);
        await agent.NextAsync(Kind.Snapshot);
        using AsyncServerStreamingCall<LogLine> call = new Operations.OperationsClient(server.Grpc).ReadLogs(new ReadLogsRequest { FunctionName = "nope" }, cancellationToken: TestContext.Current.CancellationToken);
        Query query = (await agent.NextAsync(Kind.Query)).Query;
        await agent.SendAsync(new AgentMessage { QueryResult = new QueryResult { QueryId = query.QueryId, Done = true } });
        var e = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(TestContext.Current.CancellationToken));
        Assert.Equal((StatusCode.NotFound, "ResourceNotFoundException"), (e.StatusCode, e.Trailers.GetValue("x-amzn-errortype")));
    }

    private static QueryResult Lines(ulong id, string text)
    {
        var result = new QueryResult { QueryId = id };
        result.Lines.Add(new LogLine { Text = text });
        return result;
    }
}
