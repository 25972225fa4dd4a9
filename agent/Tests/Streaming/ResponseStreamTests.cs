using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Hearth.Agent.Sandboxes;
using Hearth.Agent.Tests.Fakes;
using Hearth.Contracts.V1;
using Xunit;

namespace Hearth.Agent.Tests.Streaming;

/// <summary>InvokeWithResponseStream: framing, pieces as they are made, slow and leaving callers, failures half way.</summary>
public sealed class ResponseStreamTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("hearth-streaming-").FullName;

    [Fact]
    public async Task Pieces_come_while_the_function_still_works()
    {
        await using var node = await StartAsync();
        var go = Path.Join(_folder, "go");
        using var answer = await node.InvokeStreamAsync("f", $"""[["start","text/plain"],["chunk","one"],["wait","{go}"],["chunk","two"],["end"]]""");
        Assert.Equal((HttpStatusCode.OK, "application/vnd.amazon.eventstream"), (answer.StatusCode, answer.Content.Headers.ContentType!.MediaType));
        Assert.Equal("$LATEST", answer.Headers.GetValues("X-Amz-Executed-Version").Single());
        Assert.Matches("^[0-9a-f-]{36}$", answer.Headers.GetValues("x-amzn-RequestId").Single());
        await using var stream = await answer.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        // The function waits for the file, which is not there yet.
        var first = await EventMessage.ReadAsync(stream, TestContext.Current.CancellationToken);
        Assert.Equal(("PayloadChunk", "application/octet-stream", "one"), (first!.Type, first.ContentType, first.Text));
        await File.WriteAllTextAsync(go, "", TestContext.Current.CancellationToken);
        var rest = await EventMessage.ReadAllAsync(stream, TestContext.Current.CancellationToken);
        Assert.Equal([("PayloadChunk", "two"), ("InvokeComplete", "{}")], rest.Select(m => (m.Type, m.Text)));
        Assert.Equal("application/json", rest[^1].ContentType);
        Assert.Equal(InvocationStatus.Success, (InvocationStatus)Assert.Single(await node.LedgerAsync(1)).Status);
    }

    [Fact]
    public async Task A_function_that_does_not_stream_answers_with_one_chunk_and_the_log_is_told_at_the_end()
    {
        await using var node = await StartAsync();
        var messages = await AllAsync(node, """[["print","hello"],["respond","{\"a\":1}"]]""", ("X-Amz-Log-Type", "Tail"));
        Assert.Equal([("PayloadChunk", """{"a":1}"""), ("InvokeComplete", messages[^1].Text)], messages.Select(m => (m.Type, m.Text)));
        var log = Encoding.UTF8.GetString(Convert.FromBase64String(JsonNode.Parse(messages[^1].Text)!["LogResult"]!.GetValue<string>()));
        Assert.Contains("hello\n", log, StringComparison.Ordinal);
        Assert.Contains("REPORT RequestId", log, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""["error"]""", "half way", InvocationStatus.FunctionError, 60)]
    [InlineData("""["exit",3]""", "exit status 3", InvocationStatus.FunctionError, 60)]
    [InlineData("""["sleep"]""", "Task timed out after 3.00 seconds", InvocationStatus.Timeout, 3)]
    public async Task A_failure_half_way_is_told_after_what_was_made_and_the_next_event_runs(string failure, string details, InvocationStatus status, int timeout)
    {
        await using var node = await StartAsync(timeout);
        var messages = await AllAsync(node, $"""[["start",null],["chunk","part"],{failure}]""");
        Assert.Equal([("PayloadChunk", "part"), ("InvokeComplete", messages[^1].Text)], messages.Select(m => (m.Type, m.Text)));
        var complete = JsonNode.Parse(messages[^1].Text)!;
        Assert.Equal("Unhandled", complete["ErrorCode"]!.GetValue<string>());
        Assert.Contains(details, complete["ErrorDetails"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal("[]", (await node.InvokeAsync("f", """[["respond","[]"]]""")).Text);
        Assert.Contains(await node.LedgerAsync(2), r => (InvocationStatus)r.Status == status);
    }

    [Fact]
    public async Task A_failure_before_the_first_piece_is_the_only_message()
    {
        await using var node = await StartAsync();
        var message = Assert.Single(await AllAsync(node, """[["error"]]"""));
        Assert.Equal("InvokeComplete", message.Type);
        Assert.Equal("""{"errorType":"Test.Failure","errorMessage":"half way"}""", JsonNode.Parse(message.Text)!["ErrorDetails"]!.GetValue<string>());
    }

    [Fact]
    public async Task A_caller_that_does_not_read_holds_up_the_function_and_the_agent_holds_little_of_it()
    {
        await using var node = await StartAsync();
        var done = Path.Join(_folder, "done");
        // 64 MiB: far over what sockets, pipes and the agent take.
        using var answer = await node.InvokeStreamAsync("f", $"""[["start",null],["chunks",64,1048576],["touch","{done}"],["end"]]""");
        await using var stream = await answer.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        var first = await EventMessage.ReadAsync(stream, TestContext.Current.CancellationToken);
        var length = first!.Payload.Length;
        // Somebody else is served meanwhile, by the same loop.
        await node.DeployAsync("other", "def handler(event, context):\n    return 1\n");
        for (var i = 0; i < 20; i++)
            Assert.Equal("1", (await node.InvokeAsync("other")).Text);
        Assert.False(File.Exists(done));
        while (await EventMessage.ReadAsync(stream, TestContext.Current.CancellationToken) is { } message)
            length += message.Type == "PayloadChunk" ? message.Payload.Length : 0;
        Assert.Equal(64 * 1048576, length);
        Assert.True(File.Exists(done));
    }

    [Fact]
    public async Task A_caller_that_leaves_does_not_end_the_function()
    {
        await using var node = await StartAsync();
        var done = Path.Join(_folder, "done");
        using (var answer = await node.InvokeStreamAsync("f", $"""[["start",null],["chunks",32,1048576],["touch","{done}"],["end"]]"""))
        {
            await using var stream = await answer.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
            await EventMessage.ReadAsync(stream, TestContext.Current.CancellationToken);
        }
        await Eventually.True(() => File.Exists(done));
        Assert.Equal(InvocationStatus.Success, (InvocationStatus)Assert.Single(await node.LedgerAsync(1)).Status);
        // The record is written before the instance is free.
        await Eventually.True(() => node.Agent.Scheduler.DescribeCapacity().Busy == 0);
        Assert.Equal("[]", (await node.InvokeAsync("f", """[["respond","[]"]]""")).Text);
        Assert.Single(node.Spawner.All);
    }

    [Fact]
    public async Task A_runtime_that_dies_behind_a_slow_caller_loses_nothing_of_what_it_wrote()
    {
        await using var node = await StartAsync();
        using var answer = await node.InvokeStreamAsync("f", """[["start",null],["chunks",3,1000000],["exit",4]]""");
        await using var stream = await answer.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        var messages = await EventMessage.ReadAllAsync(stream, TestContext.Current.CancellationToken);
        Assert.Equal(3_000_000, messages[..^1].Sum(m => m.Payload.Length));
        Assert.Contains("exit status 4", messages[^1].Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task More_than_the_limit_is_cut_off_and_said()
    {
        await using var node = await StartAsync(settings: InstanceSettings.Default with { MaxStreamedBytes = 100_000 });
        var messages = await AllAsync(node, """[["start",null],["chunks",3,40000],["end"]]""");
        Assert.Equal(80_000, messages[..^1].Sum(m => m.Payload.Length));
        Assert.Contains("Function.ResponseSizeTooLarge", messages[^1].Text, StringComparison.Ordinal);
        Assert.Equal("[]", (await node.InvokeAsync("f", """[["respond","[]"]]""")).Text);
    }

    [Fact]
    public async Task Refusals_are_those_of_Invoke()
    {
        await using var node = await StartAsync();
        (string Name, string Body, (string, string)[] Headers, int Status, string Type)[] table =
        [
            ("nobody", "[]", [], 404, "ResourceNotFoundException"),
            ("f", "no json", [], 400, "InvalidRequestContentException"),
            ("f", "[]", [("X-Amz-Invocation-Type", "Event")], 400, "ValidationException"),
            ("f", "[]", [("X-Amz-Log-Type", "Head")], 400, "ValidationException"),
            ("f", new string(' ', 6_291_457), [], 413, "RequestEntityTooLargeException"),
        ];
        foreach (var (name, body, headers, status, type) in table)
        {
            using var answer = await node.InvokeStreamAsync(name, body, headers);
            Assert.Equal((status, type), ((int)answer.StatusCode, answer.Headers.GetValues("x-amzn-ErrorType").Single()));
        }
        using var dry = await node.InvokeStreamAsync("f", "[]", ("X-Amz-Invocation-Type", "DryRun"));
        Assert.Equal(HttpStatusCode.NoContent, dry.StatusCode);
        Assert.Empty(node.Spawner.All);
    }

    [Fact]
    public async Task Streamed_and_gathered_answers_follow_each_other_on_one_instance()
    {
        await using var node = await StartAsync();
        const string Steps = """[["start","text/plain"],["chunk","a"],["chunk",""],["chunk","b"],["end"]]""";
        for (var i = 0; i < 20; i++)
        {
            Assert.Equal("ab", (await node.InvokeAsync("f", Steps)).Text);
            var messages = await AllAsync(node, Steps);
            Assert.Equal("ab", string.Concat(messages[..^1].Select(m => m.Text)));
        }
        Assert.Single(node.Spawner.All);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static async Task<TestNode> StartAsync(int timeout = 60, InstanceSettings? settings = null)
    {
        var node = await StreamingNode.StartAsync(settings);
        await node.DeployAsync("f", "", timeout, StreamingNode.Memory);
        return node;
    }

    private static async Task<List<EventMessage>> AllAsync(TestNode node, string steps, params (string, string)[] headers)
    {
        using var answer = await node.InvokeStreamAsync("f", steps, headers);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        await using var stream = await answer.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        return await EventMessage.ReadAllAsync(stream, TestContext.Current.CancellationToken);
    }
}
