using System.Text.Json.Nodes;
using Hearth.NativeTests.Harness;
using Xunit;

namespace Hearth.NativeTests.EndToEnd;

/// <summary>Nothing of a node stays: no process, mount, cgroup, loop device, scratch file or socket.</summary>
[Collection(EndToEndCollection.Name)]
public sealed class LeakTests
{
    [Theory]
    [InlineData(Native.SigTerm, 0)]
    [InlineData(Native.SigInt, 130)]
    public async Task Nothing_is_left_after_a_normal_stop(int signal, int expected)
    {
        await using var node = await TestNode.StartAsync();
        await Behaviours.DeployAsync(node, "f");
        // Idle, busy and with a stray process of its own.
        Assert.Equal("\"hi\"", (await node.DoAsync("f", "sleep", new JsonObject { ["seconds"] = 0 })).Body.Replace("slept", "hi", StringComparison.Ordinal));
        Assert.True((await node.DoAsync("f", "leave_process")).Succeeded);
        var busy = node.DoAsync("f", "sleep", new JsonObject { ["seconds"] = 20 });
        await Patience.UntilAsync("a sandbox is busy", async () => (await Cli.RunAsync(node, "ps", "--json")) is { Code: 0 } listed && listed.Output.Contains("\"busy\"", StringComparison.Ordinal));

        var code = await node.StopAsync(signal);

        Assert.True(code == expected, $"up ended with {code}\n{node.Output}");
        await node.AssertNothingLeftAsync();
        await Record.ExceptionAsync(() => busy);
    }

    [Fact]
    public async Task Nothing_is_left_after_kill_9_of_up()
    {
        await using var node = await TestNode.StartAsync();
        await Behaviours.DeployAsync(node, "f");
        Assert.True((await node.DoAsync("f", "leave_process")).Succeeded);

        await node.StopAsync(Native.SigKill);
        var bin = node.Data + "/bin";
        try
        {
            await Patience.UntilAsync("its processes end", () => ProcessTable.RunningFrom(bin).Count == 0);
        }
        catch (TimeoutException)
        {
            Assert.Fail($"still there: {string.Join('\n', ProcessTable.RunningFrom(bin).Select(ProcessTable.Describe))}");
        }

        await Patience.UntilAsync("its sandboxes end", () => !LeakCheck.Find(node.Data).Any(line => line.StartsWith("process", StringComparison.Ordinal)));

        // The next start sweeps what is not a process.
        await node.UpAsync();
        Assert.True((await node.DoAsync("f", "echo")).Succeeded);
        Assert.Equal(0, await node.StopAsync());
        await node.AssertNothingLeftAsync();
    }

    /// <summary>Not waiting for the replacement: up stops while there may be no spawner to remove its groups.</summary>
    [Fact]
    public async Task Nothing_is_left_after_kill_9_of_the_spawner_and_a_stop_at_once()
    {
        await using var node = await TestNode.StartAsync();
        await Behaviours.DeployAsync(node, "f");
        Assert.True((await node.DoAsync("f", "leave_process")).Succeeded);

        TestNode.Kill(node.Pid("hearth-spawner"), Native.SigKill);
        Assert.Equal(0, await node.StopAsync());
        await node.AssertNothingLeftAsync();
    }

    [Theory]
    [InlineData("hearth-spawner")]
    [InlineData("hearth-agent")]
    [InlineData("hearth-control-plane")]
    public async Task Nothing_is_left_after_kill_9_of_a_process_and_a_stop(string program)
    {
        await using var node = await TestNode.StartAsync();
        await Behaviours.DeployAsync(node, "f");
        Assert.True((await node.DoAsync("f", "leave_process")).Succeeded);

        var killed = node.Pid(program);
        TestNode.Kill(killed, Native.SigKill);
        await Patience.UntilAsync("another is in its place", () => !node.Pids(program).Contains(killed) && node.Pids(program).Count > 0);
        await Patience.UntilAsync("an answer again", async () => (await AnsweredAsync(node)), 60);

        Assert.Equal(0, await node.StopAsync());
        await node.AssertNothingLeftAsync();
    }

    [Fact]
    public async Task Nothing_of_a_removed_function_is_left_while_the_node_goes_on()
    {
        await using var node = await TestNode.StartAsync("--sandbox-pool", "0");
        // Some images for /tmp are kept ready, and made one after the other.
        var (ready, same) = (0, 0);
        await Patience.UntilAsync("as many as are kept ready are", () =>
        {
            var now = LeakCheck.LoopDevices(node.Data).Count();
            same = now == ready ? same + 1 : 0;
            ready = now;
            return same >= 20;
        });
        await Behaviours.DeployAsync(node, "f");
        Assert.True((await node.DoAsync("f", "count")).Succeeded);
        Assert.NotEmpty(SandboxGroups(node));

        await node.Client.DeleteAsync("f");

        await Patience.UntilAsync("its groups go", () => !SandboxGroups(node).Any());
        await Patience.UntilAsync("its scratch space goes", () => LeakCheck.LoopDevices(node.Data).Count() <= ready);
        Assert.Equal(0, await node.StopAsync());
        await node.AssertNothingLeftAsync();
    }

    /// <summary>Sandboxes wait for starts to come: for the function's runtime as well, but none of them has seen it.</summary>
    [Fact]
    public async Task Of_a_removed_function_nothing_is_left_in_sandboxes_that_wait()
    {
        await using var node = await TestNode.StartAsync("--sandbox-pool", "3");
        await Behaviours.DeployAsync(node, "f");
        for (var i = 0; i < 3; i++)
            Assert.True((await node.DoAsync("f", "count")).Succeeded);
        Assert.True((await node.DoAsync("f", "leave_process")).Succeeded);
        Assert.NotEmpty(HoldersOfCode(node));

        await node.Client.DeleteAsync("f");
        await Patience.UntilAsync("nothing sees its code", () => !HoldersOfCode(node).Any());
        await Patience.UntilAsync("its groups go, and those of sandboxes that wait are there", () => SandboxGroups(node).Select(Path.GetFileName).Distinct().Count() is > 0 and <= 3);
        Assert.Equal(0, await node.StopAsync());
        await node.AssertNothingLeftAsync();
    }

    private static IEnumerable<int> HoldersOfCode(TestNode node) => ProcessTable.Pids().Where(pid => ProcessTable.Read(pid, "mountinfo").Contains(node.Data + "/code/", StringComparison.Ordinal));

    /// <summary>Those of zygotes have numbers above all sandboxes'.</summary>
    private static IEnumerable<string> SandboxGroups(TestNode node) =>
        LeakCheck.CgroupsOf(node.Data).SelectMany(slice => Directory.EnumerateDirectories(slice, "sb-*")).Where(static group => ulong.Parse(Path.GetFileName(group)[3..], System.Globalization.CultureInfo.InvariantCulture) <= long.MaxValue);

    private static async Task<bool> AnsweredAsync(TestNode node)
    {
        try
        {
            return (await node.DoAsync("f", "echo")).Succeeded && await node.Client.IsManagementUpAsync();
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
