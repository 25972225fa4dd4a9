using System.Text.Json.Nodes;
using Hearth.NativeTests.Harness;
using Xunit;

namespace Hearth.NativeTests.EndToEnd;

/// <summary>/tmp as a machine without loop devices has it, in memory: the same limit and the same life, but what is in it counts as the function's memory.</summary>
[Collection(EndToEndCollection.Name)]
public sealed class RootTmpTests
{
    [Fact]
    public async Task Tmp_in_memory_is_bounded_counts_as_memory_and_survives_a_reset()
    {
        await using var node = await TestNode.StartAsync("--tmp", "memory");
        await Behaviours.DeployAsync(node, "roomy", memoryMb: 1024, timeoutSeconds: 60);
        Assert.Equal((400 << 20).ToString(), (await node.DoAsync("roomy", "write_tmp", new JsonObject { ["megabytes"] = 400 })).Body);
        var full = await node.DoAsync("roomy", "write_tmp", new JsonObject { ["megabytes"] = 600 });
        Assert.Equal("OSError", full.ErrorType);
        Assert.Contains("No space left", full.Json["errorMessage"]!.GetValue<string>(), StringComparison.Ordinal);

        // 400 MB fit on disk; in memory they are beyond the setting.
        await Behaviours.DeployAsync(node, "small", memoryMb: 256, timeoutSeconds: 60);
        var killed = await node.DoAsync("small", "write_tmp", new JsonObject { ["megabytes"] = 400 });
        Assert.Equal("Runtime.ExitError", killed.ErrorType);
        Assert.Contains("signal: killed", killed.Json["errorMessage"]!.GetValue<string>(), StringComparison.Ordinal);
        await Patience.UntilAsync("it starts clean", async () => (await node.DoAsync("small", "echo")).Succeeded);

        await Behaviours.DeployAsync(node, "keeper", timeoutSeconds: 2);
        Assert.Equal("""{"memory": 1, "tmp": 1}""", (await node.DoAsync("keeper", "count")).Body);
        Assert.Equal("Sandbox.Timedout", (await node.DoAsync("keeper", "spin")).ErrorType);
        Assert.Equal("""{"memory": 1, "tmp": 2}""", (await node.DoAsync("keeper", "count")).Body);

        Assert.Contains("counts as its memory: --tmp memory was given", node.Output, StringComparison.Ordinal);
        Assert.Equal(0, await node.StopAsync());
        await node.AssertNothingLeftAsync();
    }
}
