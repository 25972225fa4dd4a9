using Hearth.Agent.Scheduling;
using Hearth.Agent.Tests.Fakes;
using Hearth.Contracts.V1;
using Xunit;

namespace Hearth.Agent.Tests.Scheduling;

/// <summary>Why a cold start was one: in the function's log, of the instance, and counted.</summary>
public sealed class ColdReasonTests
{
    private const string Pid = "import os\ndef handler(event, context):\n    if event == 'die':\n        os._exit(1)\n    return os.getpid()\n";

    private const string Meet = """
        import os, time
        def handler(event, context):
            open(event["began"] + str(os.getpid()), "w").close()
            while not os.path.exists(event["go"]):
                time.sleep(0.005)
            return os.getpid()
        """;

    [Fact]
    public async Task The_first_one_a_crash_and_new_code()
    {
        await using var node = await TestNode.StartAsync();
        await node.DeployAsync("f", Pid);
        await node.InvokeAsync("f");
        Assert.Equal("first", Assert.Single(node.Agent.Scheduler.Describe("f")).StartReason);
        // Its runtime is started anew in the same sandbox; what comes next waits for the init.
        Assert.NotNull((await node.InvokeAsync("f", "\"die\"")).FunctionError);
        Assert.Null((await node.InvokeAsync("f")).FunctionError);
        await node.DeployAsync("f", Pid + "\n");
        await node.InvokeAsync("f");
        Assert.Equal(["first", "reset", "updated"], await ReasonsAsync(node, "f"));
        Assert.Equal((1, 1, 1), (Count(node, ColdReason.First), Count(node, ColdReason.Reset), Count(node, ColdReason.Updated)));
    }

    [Fact]
    public async Task All_instances_in_use()
    {
        await using var node = await TestNode.StartAsync();
        await node.DeployAsync("f", Meet);
        var go = Path.Join(node.Data, "go");
        var running = Enumerable.Range(0, 3).Select(_ => node.InvokeAsync("f", $$"""{"began":"{{node.Data}}/began","go":"{{go}}"}""")).ToArray();
        await Eventually.True(() => Directory.GetFiles(node.Data, "began*").Length == 3);
        File.WriteAllText(go, "");
        await Task.WhenAll(running);
        Assert.Equal(["busy", "busy", "first"], (await ReasonsAsync(node, "f")).Order(StringComparer.Ordinal));
        Assert.Equal(2, Count(node, ColdReason.Busy));
    }

    [Fact]
    public async Task Nobody_used_it_for_long()
    {
        await using var node = await TestNode.StartAsync(o => o with { IdleTimeout = TimeSpan.FromMilliseconds(100) });
        await node.DeployAsync("f", Pid);
        await node.InvokeAsync("f");
        await Eventually.True(() => node.Spawner.Alive.Count == 0);
        await node.InvokeAsync("f");
        Assert.Equal(["first", "idle"], await ReasonsAsync(node, "f"));
    }

    [Fact]
    public async Task Another_function_needed_its_memory()
    {
        await using var node = await TestNode.StartAsync(o => o with { MemoryBudgetMb = 128 });
        await node.DeployAsync("f", Pid);
        await node.DeployAsync("g", Pid);
        await node.InvokeAsync("f");
        await node.InvokeAsync("g");
        await node.InvokeAsync("f");
        Assert.Equal(["first", "memory"], await ReasonsAsync(node, "f"));
        Assert.Equal(["first"], await ReasonsAsync(node, "g"));
    }

    [Fact]
    public async Task Its_sandbox_was_lost()
    {
        await using var node = await TestNode.StartAsync();
        await node.DeployAsync("f", Pid);
        await node.InvokeAsync("f");
        node.Spawner.Alive.Single().Lose();
        await Eventually.True(() => node.Agent.Scheduler.Describe("f").Count == 0);
        await node.InvokeAsync("f");
        Assert.Equal(["first", "lost"], await ReasonsAsync(node, "f"));
    }

    [Fact]
    public async Task Provisioned_ones()
    {
        await using var node = await TestNode.StartAsync();
        var spec = (await node.DeployAsync("f", Pid)).Clone();
        spec.ProvisionedConcurrency = 1;
        node.Control.Put(spec);
        await Eventually.True(() => node.Agent.Scheduler.Describe("f") is [{ State: "idle" or "frozen" }]);
        Assert.Equal(["provisioned"], await ReasonsAsync(node, "f"));
        Assert.Equal(1, Count(node, ColdReason.Provisioned));
    }

    [Fact]
    public async Task The_metrics_have_every_reason_and_no_function_and_are_for_this_machine()
    {
        await using var node = await TestNode.StartAsync();
        await node.DeployAsync("secret-name", Pid);
        await node.InvokeAsync("secret-name");
        var text = await node.Http.GetStringAsync(new Uri("/metrics", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Contains("hearth_starts_total{reason=\"first\"} 1\n", text, StringComparison.Ordinal);
        Assert.Equal(ColdReasons.Count, text.Split("hearth_starts_total{").Length - 1);
        Assert.DoesNotContain("secret-name", text, StringComparison.Ordinal);
        using var passedOn = new HttpRequestMessage(HttpMethod.Get, "/metrics");
        passedOn.Headers.Add("X-Forwarded-For", "192.0.2.1");
        using var answer = await node.Http.SendAsync(passedOn, TestContext.Current.CancellationToken);
        Assert.Equal(403, (int)answer.StatusCode);
    }

    private static long Count(TestNode node, ColdReason reason) => node.Agent.Scheduler.DescribeCapacity().Starts.Single(s => s.Reason == ColdReasons.Name(reason)).Count;

    private static async Task<List<string>> ReasonsAsync(TestNode node, string function)
    {
        const string field = "\tCold Start Reason: ";
        var lines = await node.Control.LogsAsync(new ReadLogsRequest { FunctionName = function });
        return [.. lines.Where(l => l.Text.StartsWith("INIT_START ", StringComparison.Ordinal)).Select(l => l.Text[(l.Text.IndexOf(field, StringComparison.Ordinal) + field.Length)..])];
    }
}
