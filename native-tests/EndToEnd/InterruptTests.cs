using Hearth.NativeTests.Harness;
using Xunit;

namespace Hearth.NativeTests.EndToEnd;

/// <summary>Ctrl-C on a terminal: the command ends with 130, nothing is printed about it, and the terminal is as it was.</summary>
[Collection(EndToEndCollection.Name)]
public sealed class InterruptTests(SharedNode shared) : IClassFixture<SharedNode>
{
    private const string Slow = "import time\n\ndef handle(event, context):\n    print('begun', flush=True)\n    time.sleep(event.get('seconds', 0))\n    return 1\n";

    [Fact]
    public async Task Following_a_log()
    {
        var node = await SlowAsync();
        Assert.True((await node.Client.InvokeAsync("slow")).Succeeded);
        AssertInterrupted(await CommandPty.HearthAsync(node, [("REPORT RequestId", "intr")], "logs", "slow", "-f"));
    }

    [Fact]
    public async Task Watching()
    {
        var node = await SlowAsync();
        AssertInterrupted(await CommandPty.HearthAsync(node, [("invocations/s", "intr")], "top"));
    }

    [Fact]
    public async Task Waiting_for_an_answer()
    {
        var node = await SlowAsync();
        // The terminal echoes nothing while the command waits: a line of the shell says when its function runs.
        var hearth = Published.Program("hearth");
        var ended = await CommandPty.RunAsync([("started", "nothing"), ("+", "intr")], "/bin/sh", "-c",
            $"echo started; (until {hearth} ps slow --data {node.Data} | grep -q busy; do sleep 0.1; done; echo +) & exec {hearth} invoke slow --payload '{{\"seconds\": 25}}' --data {node.Data}");
        AssertInterrupted(ended);
    }

    [Fact]
    public async Task Running_a_node_that_leaves_nothing()
    {
        Needs.Node();
        var parent = Environment.GetEnvironmentVariable("HEARTH_TEST_DATA") is { Length: > 0 } chosen ? chosen : "/var/tmp";
        var data = Path.Combine(parent, $"hearth-test-{Environment.ProcessId}-interrupt");
        try
        {
            var ended = await CommandPty.RunAsync([("Ctrl-C", "intr")], [.. OwnGroup(data), Published.Program("hearth"), "up", "--port", "0", "--data", data]);
            AssertInterrupted(ended);
            await Patience.UntilAsync("nothing is left", () => LeakCheck.Find(data).Count == 0);
        }
        finally
        {
            if (Directory.Exists(data))
                Directory.Delete(data, recursive: true);
        }
    }

    private static string[] OwnGroup(string data) => Environment.GetEnvironmentVariable("HEARTH_TEST_CGROUP") is { Length: > 0 } parent
        ? ["/bin/sh", "-c", "mkdir -p \"$0\" && echo $$ > \"$0/cgroup.procs\" && exec \"$@\"", Path.Combine(parent, Path.GetFileName(data))]
        : [];

    private static void AssertInterrupted(CommandPty ended)
    {
        Assert.True(ended.Code == 130, $"130 expected, {ended.Code}: {ended.Output}");
        Assert.DoesNotContain("hearth: internal error", ended.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("Unhandled", ended.Output, StringComparison.Ordinal);
    }

    private async Task<TestNode> SlowAsync()
    {
        var node = await shared.DeployAsync();
        if ((await node.Client.GetAsync("/2015-03-31/functions/slow")).Status == System.Net.HttpStatusCode.NotFound)
            await node.Client.CreateAsync(new FunctionSettings("slow", Handler: "app.handle", TimeoutSeconds: 30), FunctionZip.Of(("app.py", Slow)));
        return node;
    }
}
