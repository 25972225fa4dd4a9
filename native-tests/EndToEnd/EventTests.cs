using System.Diagnostics;
using System.Net;
using System.Text.Json.Nodes;
using Hearth.NativeTests.Harness;
using Xunit;

namespace Hearth.NativeTests.EndToEnd;

/// <summary>Asynchronous invocations on a real node: by boto3, through retries to dead letters and back, to destinations, and with the control plane away.</summary>
[Collection(EndToEndCollection.Name)]
public sealed class EventTests
{
    internal const string RecorderArn = "arn:aws:lambda:us-east-1:000000000000:function:recorder";

    private const string Source = """
        def handle(event, context):
            print("ran", context.aws_request_id)
            if isinstance(event, dict) and event.get("fails"):
                raise ValueError("asked to fail")
            return {"ran": context.aws_request_id}
        """;

    [Fact]
    public async Task Boto3_sends_events_and_they_run_under_their_ids()
    {
        Needs.Program("/usr/lib/python3/dist-packages/boto3/__init__.py", "python3-boto3");
        await using var node = await StartAsync("f");
        var script = Path.Combine(AppContext.BaseDirectory, "EndToEnd", "EventBoto.py");
        var (code, output) = await Cli.RunAsync(new ProcessStartInfo("/usr/bin/python3", ["-B", "-I", script, node.Endpoint.ToString().TrimEnd('/'), "f"]));
        Assert.True(code == 0 && output.Contains("boto: ok", StringComparison.Ordinal), output + node.Output);
        string[] ids = [.. output.Split('\n').Where(line => line.StartsWith("sent ", StringComparison.Ordinal)).Select(line => line[5..].Trim())];
        Assert.Equal(3, ids.Length);
        await Patience.UntilAsync("each has run", async () =>
        {
            var (_, logs) = await Cli.RunAsync(node, "logs", "f");
            return ids.All(id => logs.Contains($"START RequestId: {id}", StringComparison.Ordinal) && logs.Contains($"ran {id}", StringComparison.Ordinal)
                && logs.Contains($"END RequestId: {id}", StringComparison.Ordinal) && logs.Contains($"REPORT RequestId: {id}", StringComparison.Ordinal));
        });
        await Patience.UntilAsync("they are metered", async () => await Cli.UsageAsync(node, "f") == 3);
    }

    [Fact]
    public async Task A_failure_is_tried_three_times_and_then_lies_in_a_dead_letter_that_can_be_edited_and_redriven()
    {
        await using var node = await StartAsync("f");
        var (status, id, _) = await node.Client.SendEventAsync("f", """{"fails":true}""");
        Assert.Equal(HttpStatusCode.Accepted, status);
        var letter = await DeadLetterAsync(node, id);
        Assert.Equal(("RetriesExhausted", 3, "ValueError"), (letter["Condition"]!.GetValue<string>(), letter["Tries"]!.GetValue<int>(), letter["ErrorType"]!.GetValue<string>()));
        var (_, logs) = await Cli.RunAsync(node, "logs", "f");
        Assert.Equal(3, logs.Split($"START RequestId: {id} ").Length - 1);

        Assert.Equal((0, """{"fails":true}"""), await Cli.RunAsync(node, "dead-letters", "show", id, "--payload"));
        Assert.Equal(0, (await Cli.RunAsync(node, "dead-letters", "edit", id, "--payload", "{}")).Code);
        Assert.Equal((0, "1 dead letter redriven\n"), await Cli.RunAsync(node, "dead-letters", "redrive", id));
        await Patience.UntilAsync("it has succeeded", async () => (await QueueAsync(node, "f"))["Succeeded"]!.GetValue<int>() == 1);
        Assert.Equal(3, (await Cli.RunAsync(node, "dead-letters", "show", id)).Code);
        (_, logs) = await Cli.RunAsync(node, "logs", "f");
        Assert.Equal(4, logs.Split($"START RequestId: {id} ").Length - 1);
    }

    [Fact]
    public async Task Destinations_are_functions_that_get_the_record()
    {
        await using var node = await StartAsync("f", "recorder");
        await node.Client.PutEventConfigAsync("f", maxRetries: 0, RecorderArn, RecorderArn);
        await node.Client.PutEventConfigAsync("recorder", maxRetries: 0);
        await node.Client.UpdateCodeAsync("recorder", FunctionZip.Of(("handler.py", "def handle(event, context):\n    raise ValueError('kept')\n")));
        var (_, good, _) = await node.Client.SendEventAsync("f");
        var (_, bad, _) = await node.Client.SendEventAsync("f", """{"fails":true}""");
        List<JsonNode> records = [];
        await Patience.UntilAsync("both records are kept", async () => (records = await RecordsAsync(node)).Count == 2);
        var success = records.Single(record => record["requestContext"]!["requestId"]!.GetValue<string>() == good);
        Assert.Equal("Success", success["requestContext"]!["condition"]!.GetValue<string>());
        Assert.Equal(good, success["responsePayload"]!["ran"]!.GetValue<string>());
        var failure = records.Single(record => record["requestContext"]!["requestId"]!.GetValue<string>() == bad);
        Assert.Equal("RetriesExhausted", failure["requestContext"]!["condition"]!.GetValue<string>());
        Assert.Equal("Unhandled", failure["responseContext"]!["functionError"]!.GetValue<string>());
        Assert.Equal("asked to fail", failure["responsePayload"]!["errorMessage"]!.GetValue<string>());
        Assert.True(failure["requestPayload"]!["fails"]!.GetValue<bool>());
    }

    [Fact]
    public async Task Without_a_control_plane_nothing_is_accepted_and_what_was_runs_after_its_return()
    {
        await using var node = await StartAsync("f");
        var program = Path.Combine(node.Data, "bin", "hearth-control-plane");
        var pid = node.Pid("hearth-control-plane");
        File.Move(program, program + ".away");
        TestNode.Kill(pid, Native.SigKill);
        await Patience.UntilAsync("it is away", async () => (await node.Client.SendEventAsync("f")).Status == HttpStatusCode.ServiceUnavailable);
        var (_, _, body) = await node.Client.SendEventAsync("f");
        Assert.Contains("control plane is away", body, StringComparison.Ordinal);
        File.Move(program + ".away", program);
        await Patience.UntilAsync("events are accepted again", async () => (await node.Client.SendEventAsync("f")).Status == HttpStatusCode.Accepted, 60);
        await Patience.UntilAsync("it has run", async () => await Cli.UsageAsync(node, "f") >= 1);
    }

    internal static async Task<TestNode> StartAsync(params string[] functions)
    {
        var node = await TestNode.StartAsync("--retry-delays", "0.2,0.2");
        foreach (var function in functions)
            await node.Client.CreateAsync(new FunctionSettings(function, TimeoutSeconds: 30), FunctionZip.Of(("handler.py", Source)));
        return node;
    }

    /// <summary>The payloads of a function's dead letters.</summary>
    internal static async Task<List<JsonNode>> RecordsAsync(TestNode node, string function = "recorder")
    {
        var (code, output) = await Cli.RunAsync(node, "dead-letters", "ls", function, "--limit", "100000", "--json");
        Assert.True(code == 0, output);
        List<JsonNode> records = [];
        foreach (var letter in JsonNode.Parse(output)!["DeadLetters"]!.AsArray())
        {
            (code, output) = await Cli.RunAsync(node, "dead-letters", "show", letter!["RequestId"]!.GetValue<string>(), "--payload");
            Assert.True(code == 0, output);
            records.Add(JsonNode.Parse(output)!);
        }

        return records;
    }

    internal static async Task<JsonNode> QueueAsync(TestNode node, string function)
    {
        var (code, output) = await Cli.RunAsync(node, "queue", function, "--json");
        Assert.True(code == 0, output);
        return JsonNode.Parse(output)!["Queues"]![0]!;
    }

    private static async Task<JsonNode> DeadLetterAsync(TestNode node, string id)
    {
        JsonNode? letter = null;
        await Patience.UntilAsync("it is a dead letter", async () =>
        {
            var (code, output) = await Cli.RunAsync(node, "dead-letters", "show", id, "--json");
            letter = code == 0 ? JsonNode.Parse(output) : null;
            return letter is not null;
        });
        return letter!;
    }
}
