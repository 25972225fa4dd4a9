using Hearth.Agent.Sandboxes;
using Hearth.Agent.Tests.Fakes;
using Hearth.Contracts.V1;
using Xunit;

namespace Hearth.Agent.Tests.Failures;

/// <summary>What a caller, the log and the ledger are told when a function fails, in the words recorded from AWS.</summary>
public sealed class RuntimeFailureTests
{
    private const string Cases = """
        import os, signal, sys, time
        counter = 0
        def handler(event, context):
            global counter
            counter += 1
            what = event.get("do")
            if what == "exit": os._exit(event["code"])
            if what == "signal": os.kill(os.getpid(), event["signal"]); time.sleep(10)
            if what == "sleep": time.sleep(60)
            if what == "touch": open(event["path"], "w").close()
            if what == "raise": raise ValueError("no")
            return counter
        """;

    [Theory]
    [InlineData("""{"do":"exit","code":0}""", "Runtime exited without providing a reason")]
    [InlineData("""{"do":"exit","code":3}""", "Runtime exited with error: exit status 3")]
    [InlineData("""{"do":"signal","signal":9}""", "Runtime exited with error: signal: killed")]
    [InlineData("""{"do":"signal","signal":11}""", "Runtime exited with error: signal: segmentation fault")]
    public async Task A_crash_is_told_as_Lambda_tells_it_and_the_next_event_starts_clean(string payload, string cause)
    {
        await using var node = await TestNode.StartAsync();
        await node.DeployAsync("cases", Cases);
        Assert.Equal("1", (await node.InvokeAsync("cases")).Text);
        var crash = await node.InvokeAsync("cases", payload, ("X-Amz-Log-Type", "Tail"));
        Assert.Equal((200, "Unhandled"), (crash.Status, crash.FunctionError));
        Assert.Equal($$"""{"errorType":"Runtime.ExitError","errorMessage":"RequestId: {{crash.RequestId}} Error: {{cause}}"}""", crash.Text);
        Assert.EndsWith("Status: error\tError Type: Runtime.ExitError\n", crash.Log);
        Assert.Equal("1", (await node.InvokeAsync("cases")).Text);
        var sandbox = Assert.Single(node.Spawner.All);
        Assert.Equal(1, sandbox.Resets);
        Assert.Contains((await node.LedgerAsync(3)), r => (InvocationStatus)r.Status == InvocationStatus.FunctionError);
    }

    [Fact]
    public async Task Out_of_memory_is_an_exit_for_the_caller_and_named_in_the_report()
    {
        await using var node = await TestNode.StartAsync();
        await node.DeployAsync("cases", Cases);
        await node.InvokeAsync("cases");
        Assert.Single(node.Spawner.All).NextExitIsOutOfMemory = true;
        var killed = await node.InvokeAsync("cases", """{"do":"signal","signal":9}""", ("X-Amz-Log-Type", "Tail"));
        Assert.Equal($$"""{"errorType":"Runtime.ExitError","errorMessage":"RequestId: {{killed.RequestId}} Error: Runtime exited with error: signal: killed"}""", killed.Text);
        Assert.EndsWith("Status: error\tError Type: Runtime.OutOfMemory\n", killed.Log);
        Assert.Contains(await node.LedgerAsync(2), r => (InvocationStatus)r.Status == InvocationStatus.OutOfMemory);
    }

    [Fact]
    public async Task A_timeout_kills_the_runtime_and_keeps_the_sandbox()
    {
        await using var node = await TestNode.StartAsync();
        // Those that answer at once have the same limit, on a machine that may be busy.
        await node.DeployAsync("cases", Cases, timeout: 3);
        await node.InvokeAsync("cases");
        var late = await node.InvokeAsync("cases", """{"do":"sleep"}""", ("X-Amz-Log-Type", "Tail"));
        Assert.Equal((200, "Unhandled"), (late.Status, late.FunctionError));
        Assert.Equal($$"""{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: {{late.RequestId}} Error: Task timed out after 3.00 seconds"}""", late.Text);
        Assert.EndsWith("\tStatus: timeout\n", late.Log);
        Assert.Equal("1", (await node.InvokeAsync("cases")).Text);
        Assert.Single(node.Spawner.All);
        var record = (await node.LedgerAsync(3)).Single(r => (InvocationStatus)r.Status == InvocationStatus.Timeout);
        Assert.InRange(record.BilledMs, 3000, 60_000);
    }

    [Fact]
    public async Task An_answer_that_lay_in_the_pipe_while_the_loop_was_held_up_is_in_time()
    {
        await using var node = await TestNode.StartAsync();
        await node.DeployAsync("cases", Cases, timeout: 2);
        await node.DeployAsync("holder", Cases);
        await node.InvokeAsync("cases");
        await node.InvokeAsync("holder");
        var answered = Path.Join(node.Data, "answered");
        using var held = new ManualResetEventSlim();
        using var go = new ManualResetEventSlim();
        node.Spawner.All[1].Reporting = () =>
        {
            held.Set();
            go.Wait();
        };
        var holder = node.InvokeAsync("holder");
        held.Wait(TestContext.Current.CancellationToken);
        var slow = node.InvokeAsync("cases", $$"""{"do":"touch","path":"{{answered}}"}""");
        await Eventually.True(() => File.Exists(answered));
        // It has begun by now: after so long the clock finds it late, with its answer in the pipe.
        await Task.Delay(TimeSpan.FromSeconds(2.1), TestContext.Current.CancellationToken);
        await Eventually.True(() => node.Spawner.All[0].HasSpoken);
        go.Set();
        Assert.Equal("2", (await slow).Text);
        await holder;
    }

    [Fact]
    public async Task A_sandbox_that_cannot_be_reset_is_replaced()
    {
        await using var node = await TestNode.StartAsync();
        node.Spawner.RefuseResets = true;
        await node.DeployAsync("cases", Cases);
        await node.InvokeAsync("cases", """{"do":"exit","code":1}""");
        Assert.Equal("1", (await node.InvokeAsync("cases")).Text);
        await Eventually.True(() => node.Spawner.Alive.Count == 1);
        Assert.Equal(2, node.Spawner.All.Count);
    }

    [Fact]
    public async Task An_exception_is_the_functions_answer_and_the_instance_goes_on()
    {
        await using var node = await TestNode.StartAsync();
        await node.DeployAsync("cases", Cases);
        var raised = await node.InvokeAsync("cases", """{"do":"raise"}""");
        Assert.Equal("Unhandled", raised.FunctionError);
        Assert.Contains("\"errorType\": \"ValueError\"", raised.Text.Replace("\":\"", "\": \"", StringComparison.Ordinal));
        Assert.Equal("2", (await node.InvokeAsync("cases")).Text);
    }

    [Fact]
    public async Task An_init_error_answers_the_event_and_the_next_one_tries_again()
    {
        await using var node = await TestNode.StartAsync();
        var marker = Path.Join(node.Data, "fixed");
        await node.DeployAsync("init", $"import os\nif not os.path.exists('{marker}'):\n    raise RuntimeError('not yet')\ndef handler(event, context):\n    return 'ok'\n");
        for (var i = 0; i < 2; i++)
        {
            var failed = await node.InvokeAsync("init", "{}", ("X-Amz-Log-Type", "Tail"));
            Assert.Equal((200, "Unhandled"), (failed.Status, failed.FunctionError));
            Assert.Contains("not yet", failed.Text);
            Assert.Contains("REPORT RequestId: " + failed.RequestId, failed.Log);
        }
        File.WriteAllText(marker, "");
        Assert.Equal("\"ok\"", (await node.InvokeAsync("init")).Text);
        Assert.Equal(2, (await node.LedgerAsync(3)).Count(r => (InvocationStatus)r.Status == InvocationStatus.InitError));
        Assert.Single(node.Spawner.All);
    }

    [Fact]
    public async Task A_missing_handler_and_a_syntax_error_are_named()
    {
        await using var node = await TestNode.StartAsync();
        await node.DeployAsync("missing", "x = 1\n");
        await node.DeployAsync("syntax", "def handler(event, context)\n    return 1\n");
        Assert.Contains("Runtime.HandlerNotFound", (await node.InvokeAsync("missing")).Text);
        Assert.Contains("Runtime.UserCodeSyntaxError", (await node.InvokeAsync("syntax")).Text);
    }

    [Fact]
    public async Task A_slow_init_is_tried_again_within_the_first_invocation()
    {
        await using var node = await TestNode.StartAsync(instances: InstanceSettings.Default with { InitLimit = TimeSpan.FromMilliseconds(700) });
        var marker = Path.Join(node.Data, "second");
        await node.DeployAsync("slow", $"import os, time\nwhile not os.path.exists('{marker}'):\n    time.sleep(0.005)\ndef handler(event, context):\n    return 'ok'\n");
        var answer = node.InvokeAsync("slow");
        // However far the first try has come when its time is up, it is not the one that ends.
        await Eventually.True(() => node.Spawner.All is [{ Resets: 1 }]);
        File.WriteAllText(marker, "");
        Assert.Equal("\"ok\"", (await answer).Text);
        Assert.Equal(1, Assert.Single(node.Spawner.All).Resets);
        var lines = (await node.Control.LogsAsync(new ReadLogsRequest { FunctionName = "slow" })).Select(l => l.Text).ToList();
        Assert.Contains(lines, l => l.StartsWith("INIT_REPORT Init Duration: ", StringComparison.Ordinal) && l.EndsWith("Phase: init\tStatus: timeout", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_init_that_never_ends_is_the_functions_timeout()
    {
        await using var node = await TestNode.StartAsync(instances: InstanceSettings.Default with { InitLimit = TimeSpan.FromMilliseconds(300) });
        await node.DeployAsync("slow", "import time\ntime.sleep(60)\n", timeout: 1);
        var answer = await node.InvokeAsync("slow");
        Assert.Contains("Sandbox.Timedout", answer.Text);
    }
}
