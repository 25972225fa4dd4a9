using System.Text.Json.Nodes;
using Hearth.NativeTests.Harness;
using Xunit;

namespace Hearth.NativeTests.EndToEnd;

/// <summary>Each way of taking too much is contained and told to the caller in Lambda's words; a neighbour goes on answering.</summary>
[Collection(EndToEndCollection.Name)]
public sealed class LimitTests(SharedNode shared) : IClassFixture<SharedNode>
{
    [Fact]
    public async Task Memory_beyond_the_setting_is_killed_while_a_neighbour_answers()
    {
        var node = await shared.DeployAsync("greedy", "neighbour");
        var started = (await node.DoAsync("neighbour", "limits")).Json["started"]!.GetValue<long>();
        var greedy = node.DoAsync("greedy", "allocate", new JsonObject { ["megabytes"] = 400 });
        for (var i = 0; i < 50; i++)
            Assert.True((await node.DoAsync("neighbour", "echo")).Succeeded);
        var answer = await greedy;
        Assert.Equal("Unhandled", answer.FunctionError);
        Assert.Equal("Runtime.ExitError", answer.ErrorType);
        Assert.EndsWith("Error: Runtime exited with error: signal: killed", answer.Json["errorMessage"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal(started, (await node.DoAsync("neighbour", "limits")).Json["started"]!.GetValue<long>());
        Assert.True((await node.DoAsync("greedy", "echo")).Succeeded, "it starts clean next time");
    }

    [Fact]
    public async Task A_timeout_is_told_and_the_next_invocation_is_clean()
    {
        var node = await shared.DeployAsync();
        await Behaviours.DeployAsync(node, "slow", timeoutSeconds: 1);
        foreach (var behaviour in (string[])["spin", "sleep"])
        {
            var answer = await node.DoAsync("slow", behaviour, new JsonObject { ["seconds"] = 60 });
            Assert.Equal("Unhandled", answer.FunctionError);
            Assert.Equal("Sandbox.Timedout", answer.ErrorType);
            Assert.EndsWith("Error: Task timed out after 1.00 seconds", answer.Json["errorMessage"]!.GetValue<string>(), StringComparison.Ordinal);
        }

        Assert.True((await node.DoAsync("slow", "echo")).Succeeded);
    }

    [Fact]
    public async Task A_reset_keeps_tmp_and_loses_memory()
    {
        var node = await shared.DeployAsync();
        await Behaviours.DeployAsync(node, "keeper", timeoutSeconds: 2);
        Assert.Equal("""{"memory": 1, "tmp": 1}""", (await node.DoAsync("keeper", "count")).Body);
        Assert.Equal("""{"memory": 2, "tmp": 2}""", (await node.DoAsync("keeper", "count")).Body);
        Assert.Equal("Sandbox.Timedout", (await node.DoAsync("keeper", "spin")).ErrorType);
        Assert.Equal("""{"memory": 1, "tmp": 3}""", (await node.DoAsync("keeper", "count")).Body);
    }

    [Theory]
    [InlineData("exit_now", 0, "Runtime exited without providing a reason")]
    [InlineData("exit_now", 3, "Runtime exited with error: exit status 3")]
    [InlineData("segfault", 0, "Runtime exited with error: signal: segmentation fault")]
    [InlineData("kill_self", 0, "Runtime exited with error: signal: killed")]
    public async Task The_end_of_the_runtime_is_told(string behaviour, int code, string reason)
    {
        var node = await shared.DeployAsync("mortal");
        var answer = await node.DoAsync("mortal", behaviour, new JsonObject { ["code"] = code });
        Assert.Equal("Unhandled", answer.FunctionError);
        Assert.Equal("Runtime.ExitError", answer.ErrorType);
        Assert.Matches($"^RequestId: [0-9a-f-]{{36}} Error: {reason}( .*)?$", answer.Json["errorMessage"]!.GetValue<string>());
        Assert.True((await node.DoAsync("mortal", "echo")).Succeeded);
    }

    [Fact]
    public async Task A_fork_bomb_is_contained()
    {
        var node = await shared.DeployAsync("neighbour");
        await Behaviours.DeployAsync(node, "bomber", memoryMb: 1024, timeoutSeconds: 60);
        var answer = await node.DoAsync("bomber", "fork_bomb");
        Assert.True(answer.Succeeded, $"{answer}\n{node.Output}");
        Assert.Equal(11, answer.Json["errno"]!.GetValue<int>());
        Assert.InRange(answer.Json["children"]!.GetValue<int>(), 1, 742);
        Assert.True((await node.DoAsync("neighbour", "echo")).Succeeded);
        await node.Client.DeleteAsync("bomber");
    }

    [Fact]
    public async Task The_1025th_descriptor_is_refused()
    {
        var node = await shared.DeployAsync("opener");
        var answer = await node.DoAsync("opener", "descriptors");
        Assert.True(answer.Succeeded, answer.ToString());
        Assert.Equal(24, answer.Json["errno"]!.GetValue<int>());
        Assert.InRange(answer.Json["opened"]!.GetValue<int>(), 900, 1023);
        Assert.True((await node.DoAsync("opener", "echo")).Succeeded);
    }

    [Fact]
    public async Task Tmp_is_not_memory()
    {
        var node = await shared.DeployAsync("writer");
        var answer = await node.DoAsync("writer", "write_tmp", new JsonObject { ["megabytes"] = 400 });
        Assert.True(answer.Succeeded, $"{answer}\n{node.Output}");
        Assert.Equal((400 << 20).ToString(), answer.Body);
    }

    [Fact]
    public async Task A_full_tmp_is_told_to_the_function()
    {
        var node = await shared.DeployAsync("writer");
        var answer = await node.DoAsync("writer", "write_tmp", new JsonObject { ["megabytes"] = 600 });
        Assert.Equal("OSError", answer.ErrorType);
        Assert.Contains("No space left", answer.Json["errorMessage"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_flood_of_log_lines_neither_blocks_nor_grows()
    {
        var node = await shared.DeployAsync("talker");
        var answer = await node.DoAsync("talker", "flood", new JsonObject { ["lines"] = 100_000 }, tail: true);
        Assert.True(answer.Succeeded, answer.ToString());
        Assert.InRange(answer.Log.Length, 100, 4096);
        Assert.Contains("REPORT RequestId:", answer.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_response_over_6_MiB_is_refused()
    {
        var node = await shared.DeployAsync("talker");
        Assert.True((await node.DoAsync("talker", "large", new JsonObject { ["bytes"] = 6_000_000 })).Succeeded);
        var answer = await node.DoAsync("talker", "large", new JsonObject { ["bytes"] = 7_000_000 });
        Assert.Equal("Function.ResponseSizeTooLarge", answer.ErrorType);
        Assert.True((await node.DoAsync("talker", "echo")).Succeeded);
    }

    [Fact]
    public async Task New_code_takes_effect()
    {
        var node = await shared.DeployAsync();
        await node.Client.CreateAsync(new FunctionSettings("changing", Handler: "m.h"), FunctionZip.Of(("m.py", "def h(e, c): return 'old'\n")));
        Assert.Equal("\"old\"", (await node.Client.InvokeAsync("changing")).Body);
        await node.Client.UpdateCodeAsync("changing", FunctionZip.Of(("m.py", "def h(e, c): return 'new'\n")));
        await Patience.UntilAsync("the new code answers", async () => (await node.Client.InvokeAsync("changing")).Body == "\"new\"");
        for (var i = 0; i < 5; i++)
            Assert.Equal("\"new\"", (await node.Client.InvokeAsync("changing")).Body);
    }
}
