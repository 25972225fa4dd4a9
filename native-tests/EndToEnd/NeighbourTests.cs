using System.Text.Json.Nodes;
using Hearth.NativeTests.Harness;
using Xunit;

namespace Hearth.NativeTests.EndToEnd;

/// <summary>While one function takes all it can of something, the function beside it keeps its instance and answers every time.</summary>
[Collection(EndToEndCollection.Name)]
public sealed class NeighbourTests(SharedNode shared) : IClassFixture<SharedNode>
{
    [Theory]
    [InlineData("spin", 0)]
    [InlineData("allocate", 4000)]
    [InlineData("write_tmp", 5000)]
    [InlineData("flood_for_ever", 0)]
    [InlineData("fork_bomb_for_ever", 0)]
    [InlineData("descriptors_for_ever", 0)]
    [InlineData("threads_for_ever", 0)]
    public async Task It_goes_on_answering(string behaviour, int megabytes)
    {
        var node = await shared.DeployAsync("neighbour");
        var name = "bad-" + behaviour.Replace('_', '-');
        await Behaviours.DeployAsync(node, name, memoryMb: 256, timeoutSeconds: 10);
        var before = (await node.DoAsync("neighbour", "limits")).Json["started"]!.GetValue<long>();

        var bad = Enumerable.Range(0, 2).Select(_ => node.DoAsync(name, behaviour, new JsonObject { ["megabytes"] = megabytes })).ToArray();
        var answered = 0;
        while (!bad.All(task => task.IsCompleted))
        {
            var answer = await node.DoAsync("neighbour", "echo");
            Assert.True(answer.Succeeded, $"{answer} after {answered} answers\n{node.Output}");
            answered++;
        }

        Assert.True(answered > 0);
        foreach (var answer in await Task.WhenAll(bad))
            Assert.Equal("Unhandled", answer.FunctionError);
        Assert.Equal(before, (await node.DoAsync("neighbour", "limits")).Json["started"]!.GetValue<long>());
        Assert.True((await node.DoAsync(name, "echo")).Succeeded, "the bad one starts clean");
        await node.Client.DeleteAsync(name);
    }
}
