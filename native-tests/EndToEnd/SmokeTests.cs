using System.Text.Json.Nodes;
using Hearth.NativeTests.Harness;
using Xunit;

namespace Hearth.NativeTests.EndToEnd;

/// <summary>The whole way once: up, deploy, invoke, the two limits, stop, nothing left. The test VM runs this against a real cgroup v2.</summary>
[Collection(EndToEndCollection.Name)]
public sealed class SmokeTests
{
    [Fact]
    public async Task A_function_is_deployed_answers_and_is_limited()
    {
        await using var node = await TestNode.StartAsync();
        await Behaviours.DeployAsync(node, "f", timeoutSeconds: 60);
        Assert.Equal("""{"x": 1, "do": "echo"}""", (await node.DoAsync("f", "echo", new JsonObject { ["x"] = 1 })).Body);
        Assert.Equal(2, (await TwiceAsync(node)).Json["memory"]!.GetValue<int>());

        var killed = await node.DoAsync("f", "allocate", new JsonObject { ["megabytes"] = 400 });
        Assert.Equal("Runtime.ExitError", killed.ErrorType);

        await Behaviours.DeployAsync(node, "slow", timeoutSeconds: 1);
        Assert.Equal("Sandbox.Timedout", (await node.DoAsync("slow", "spin")).ErrorType);

        var limits = (await node.DoAsync("f", "limits")).Json;
        Assert.Equal(993, limits["uid"]!.GetValue<int>());
        Assert.Equal("/var/task", limits["cwd"]!.GetValue<string>());
        Assert.Equal(0, await node.StopAsync());
        await node.AssertNothingLeftAsync();
    }

    private static async Task<Invocation> TwiceAsync(TestNode node)
    {
        await node.DoAsync("f", "count");
        return await node.DoAsync("f", "count");
    }
}
