using System.Text.Json.Nodes;
using Hearth.NativeTests.Harness;
using Xunit;

namespace Hearth.NativeTests.EndToEnd;

/// <summary>kill -9 of each process: callers get an error and not a hang, and the node comes back by itself.</summary>
[Collection(EndToEndCollection.Name)]
public sealed class CrashTests
{
    [Theory]
    [InlineData("hearth-spawner")]
    [InlineData("hearth-agent")]
    public async Task A_caller_in_flight_gets_an_error(string program)
    {
        await using var node = await TestNode.StartAsync();
        await Behaviours.DeployAsync(node, "f", timeoutSeconds: 600);
        Assert.True((await node.DoAsync("f", "echo")).Succeeded);
        var inFlight = node.DoAsync("f", "sleep", new JsonObject { ["seconds"] = 500 });
        await Patience.UntilAsync("it runs", async () => (await Cli.RunAsync(node, "ps")).Output.Contains("busy", StringComparison.OrdinalIgnoreCase));

        TestNode.Kill(node.Pid(program), Native.SigKill);

        // The connection may break (the agent is gone) or an error be answered (it is not); what may not be is silence.
        var failure = await Record.ExceptionAsync(async () => Assert.False((await inFlight.WaitAsync(Patience.Seconds(30), TestContext.Current.CancellationToken)).Succeeded));
        Assert.True(failure is null or HttpRequestException, $"{failure}\n{node.Output}");
        await Patience.UntilAsync("an answer again", () => AnswersAsync(node, "f"), 60);
    }

    [Fact]
    public async Task Without_a_control_plane_invocations_go_on_and_the_ledger_is_exact()
    {
        const int Before = 10, While = 10_000;
        await using var node = await TestNode.StartAsync();
        await Behaviours.DeployAsync(node, "f");
        for (var i = 0; i < Before; i++)
            Assert.True((await node.DoAsync("f", "echo")).Succeeded);

        // Stopped, so that its supervisor does not put another in its place, until the invocations are through.
        var control = node.Pid("hearth-control-plane");
        TestNode.Kill(control, 19);
        var failed = 0;
        await Parallel.ForEachAsync(Enumerable.Range(0, While), new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (_, _) =>
        {
            if (!(await node.DoAsync("f", "echo")).Succeeded)
                Interlocked.Increment(ref failed);
        });
        TestNode.Kill(control, Native.SigKill);

        Assert.True(failed == 0, $"{failed} of {While} failed\n{node.Output}");
        await Patience.UntilAsync("the control plane is back", node.Client.IsManagementUpAsync);
        await Patience.UntilAsync("the ledger holds all", async () => await Cli.UsageAsync(node, "f") == Before + While, 60);
        // Exact: nothing is counted twice either.
        await Task.Delay(2000, TestContext.Current.CancellationToken);
        Assert.Equal(Before + While, await Cli.UsageAsync(node, "f"));
    }

    [Fact]
    public async Task The_ledger_is_exact_after_kill_9_of_the_agent()
    {
        await using var node = await TestNode.StartAsync();
        await Behaviours.DeployAsync(node, "f");
        for (var i = 0; i < 200; i++)
            Assert.True((await node.DoAsync("f", "echo")).Succeeded);
        TestNode.Kill(node.Pid("hearth-agent"), Native.SigKill);
        await Patience.UntilAsync("the ledger holds all", async () => await Cli.UsageAsync(node, "f") >= 200, 60);
        Assert.Equal(200, await Cli.UsageAsync(node, "f"));
    }

    [Fact]
    public async Task Management_says_503_while_the_control_plane_is_away()
    {
        await using var node = await TestNode.StartAsync();
        await Behaviours.DeployAsync(node, "f");
        // While its program is not there, no supervisor can start it again.
        var program = Path.Combine(node.Data, "bin", "hearth-control-plane");
        var pid = node.Pid("hearth-control-plane");
        File.Move(program, program + ".away");
        TestNode.Kill(pid, Native.SigKill);
        await Patience.UntilAsync("it is dead", () => !node.Pids("hearth-control-plane").Contains(pid));

        var (status, body) = (System.Net.HttpStatusCode.OK, "");
        await Patience.UntilAsync("it is away", async () =>
        {
            (status, body) = await node.Client.GetAsync("/2015-03-31/functions/");
            return status != System.Net.HttpStatusCode.OK;
        });
        Assert.Equal(System.Net.HttpStatusCode.ServiceUnavailable, status);
        Assert.Contains("control plane is away", body, StringComparison.Ordinal);
        Assert.True((await node.DoAsync("f", "echo")).Succeeded);

        File.Move(program + ".away", program);
        await Patience.UntilAsync("it is back", node.Client.IsManagementUpAsync, 60);
    }

    [Fact]
    public async Task Functions_survive_a_restart()
    {
        await using var node = await TestNode.StartAsync();
        await Behaviours.DeployAsync(node, "f");
        Assert.True((await node.DoAsync("f", "echo")).Succeeded);
        Assert.Equal(0, await node.StopAsync());
        await node.UpAsync();
        await Patience.UntilAsync("it answers", () => AnswersAsync(node, "f"));
        Assert.Equal(2, await EventuallyAsync(() => Cli.UsageAsync(node, "f"), 2));
    }

    [Fact]
    public async Task Two_nodes_do_not_disturb_each_other()
    {
        await using var first = await TestNode.StartAsync();
        await using var second = await TestNode.StartAsync();
        await Behaviours.DeployAsync(first, "f");
        await Behaviours.DeployAsync(second, "f");
        Assert.True((await first.DoAsync("f", "count")).Succeeded);
        Assert.Equal(1, (await second.DoAsync("f", "count")).Json["tmp"]!.GetValue<int>());

        var killed = second.Pid("hearth-spawner");
        TestNode.Kill(killed, Native.SigKill);
        await Patience.UntilAsync("another is in its place", () => !second.Pids("hearth-spawner").Contains(killed) && second.Pids("hearth-spawner").Count > 0);
        await Patience.UntilAsync("the second answers again", () => AnswersAsync(second, "f"), 60);
        Assert.Equal(0, await second.StopAsync());
        await second.AssertNothingLeftAsync();

        // The same instance as before: neither the crash nor the sweep of the other touched it.
        Assert.Equal(2, (await first.DoAsync("f", "count")).Json["memory"]!.GetValue<int>());
    }

    private static async Task<long> EventuallyAsync(Func<Task<long>> value, long wanted)
    {
        var last = 0L;
        await Patience.UntilAsync($"becomes {wanted}", async () => (last = await value()) >= wanted);
        return last;
    }

    private static async Task<bool> AnswersAsync(TestNode node, string function)
    {
        try
        {
            return (await node.DoAsync(function, "echo")).Succeeded;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
