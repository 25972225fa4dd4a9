using System.Text.Json;
using Hearth.Contracts.V1;
using Hearth.ControlPlane.Tests.Support;
using Xunit;
using Kind = Hearth.Contracts.V1.ControlMessage.BodyOneofCase;

namespace Hearth.ControlPlane.Tests.Logs;

/// <summary>What a reader of functions' logs is told when agents, on which they lie, do not answer.</summary>
public class FleetLogsTests
{
    private const string Group = "/aws/lambda/f";
    private const string Broken = "the log cannot be read: Input/output error";

    [Theory]
    [InlineData("DescribeLogGroups", "{}")]
    [InlineData("DescribeLogGroups", """{"logGroupNamePrefix":"/aws/lam"}""")]
    [InlineData("DescribeLogStreams", $$"""{"logGroupName":"{{Group}}"}""")]
    [InlineData("FilterLogEvents", $$"""{"logGroupName":"{{Group}}"}""")]
    [InlineData("GetLogEvents", $$"""{"logGroupName":"{{Group}}","logStreamName":"s"}""")]
    public async Task WhenNoneAnsweredThatIsTheAnswer(string operation, string body)
    {
        await using TestServer server = await TestServer.StartAsync();
        await using FakeAgent agent = await FakeAgent.ConnectAsync(server, "one");
        await agent.NextAsync(Kind.Snapshot);
        _ = AnswerAsync(agent, _ => new QueryResult { Error = Broken });
        (int status, JsonElement json, _) = await server.LogsAsync(operation, body);
        Assert.Equal((503, "ServiceUnavailableException"), (status, json.Code()));
        Assert.Contains(Broken, json.Message(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhenSomeAnsweredItIsSaidWhoDidNot()
    {
        await using TestServer server = await TestServer.StartAsync();
        await using FakeAgent one = await FakeAgent.ConnectAsync(server, "one");
        await one.NextAsync(Kind.Snapshot);
        await using FakeAgent two = await FakeAgent.ConnectAsync(server, "two");
        await two.NextAsync(Kind.Snapshot);
        _ = AnswerAsync(one, Logged);
        _ = AnswerAsync(two, _ => new QueryResult { Error = Broken });
        foreach (string operation in new[] { "DescribeLogGroups", "DescribeLogStreams", "FilterLogEvents", "GetLogEvents" })
        {
            string body = operation == "DescribeLogGroups" ? "{}" : $$"""{"logGroupName":"{{Group}}"{{(operation == "GetLogEvents" ? ""","logStreamName":"s" """ : "")}}}""";
            (int status, JsonElement json, string? incomplete) = await server.LogsAsync(operation, body);
            Assert.Equal((operation, 200, "no answer from agents: two"), (operation, status, incomplete));
            if (operation == "FilterLogEvents")
            {
                JsonElement searched = Assert.Single(json.GetProperty("searchedLogStreams").EnumerateArray());
                Assert.Equal(("agent two", false), (searched.GetProperty("logStreamName").GetString(), searched.GetProperty("searchedCompletely").GetBoolean()));
            }
        }

        // That there is none cannot be said.
        (int unknown, JsonElement said, _) = await server.LogsAsync("FilterLogEvents", """{"logGroupName":"/aws/lambda/g"}""");
        Assert.Equal((503, "ServiceUnavailableException"), (unknown, said.Code()));
        (unknown, said, _) = await server.LogsAsync("DeleteLogStream", $$"""{"logGroupName":"{{Group}}","logStreamName":"absent"}""");
        Assert.Equal((503, "ServiceUnavailableException"), (unknown, said.Code()));
    }

    [Fact]
    public async Task WhatIsWholeSaysNothingAndWhatIsNotThereIsNot()
    {
        await using TestServer server = await TestServer.StartAsync();
        await using FakeAgent agent = await FakeAgent.ConnectAsync(server, "one");
        await agent.NextAsync(Kind.Snapshot);
        _ = AnswerAsync(agent, Logged);
        (int status, JsonElement json, string? incomplete) = await server.LogsAsync("FilterLogEvents", $$"""{"logGroupName":"{{Group}}"}""");
        Assert.Equal((200, null, "hello\n"), (status, incomplete, json.GetProperty("events")[0].GetProperty("message").GetString()));
        Assert.Empty(json.GetProperty("searchedLogStreams").EnumerateArray());
        (status, json, _) = await server.LogsAsync("FilterLogEvents", """{"logGroupName":"/aws/lambda/g"}""");
        Assert.Equal((400, "ResourceNotFoundException"), (status, json.Code()));
    }

    [Fact]
    public async Task GroupsThatPeopleMadeAreListedWithoutAgents()
    {
        await using TestServer server = await TestServer.StartAsync();
        Assert.Equal(200, (await server.LogsAsync("CreateLogGroup", """{"logGroupName":"mine"}""")).Status);
        Assert.Equal((200, null), await StatusAsync("""{"logGroupNamePrefix":"mi"}"""));
        Assert.Equal((200, "no answer from agents: none is connected"), await StatusAsync("{}"));
        Assert.Equal(503, (await server.LogsAsync("FilterLogEvents", $$"""{"logGroupName":"{{Group}}"}""")).Status);

        async Task<(int, string?)> StatusAsync(string body)
        {
            (int status, JsonElement json, string? incomplete) = await server.LogsAsync("DescribeLogGroups", body);
            Assert.Equal("mine", json.GetProperty("logGroups")[0].GetProperty("logGroupName").GetString());
            return (status, incomplete);
        }
    }

    private static QueryResult Logged(Query query)
    {
        var result = new QueryResult { Done = true };
        if (query.LogGroups is not null)
            result.Groups.Add(new LogGroupInfo { FunctionName = "f", CreatedUnixMs = 1, Bytes = 6 });
        if (query.LogStreams is not null)
            result.Streams.Add(new LogStreamInfo { Name = "s", FirstEventUnixMs = 1, LastEventUnixMs = 1 });
        if (query.LogEvents is not null)
            result.Events.Add(new LogEvent { TimeUnixMs = 1, Number = 0, Stream = "s", Text = "hello" });
        return result;
    }

    /// <summary>Until the agent hangs up.</summary>
    private static async Task AnswerAsync(FakeAgent agent, Func<Query, QueryResult> answer)
    {
        while (true)
        {
            Query query = (await agent.NextAsync(Kind.Query)).Query;
            QueryResult result = answer(query);
            result.QueryId = query.QueryId;
            await agent.SendAsync(new AgentMessage { QueryResult = result });
        }
    }
}
