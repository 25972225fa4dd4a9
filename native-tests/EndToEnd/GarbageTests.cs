using System.Text.Json.Nodes;
using Hearth.NativeTests.Harness;
using Xunit;

namespace Hearth.NativeTests.EndToEnd;

/// <summary>A loop that makes gigabytes of garbage survives in the smallest function: each runtime is told its size.</summary>
[Collection(EndToEndCollection.Name)]
public sealed class GarbageTests(SharedNode shared) : IClassFixture<SharedNode>
{
    private const int Rounds = 2000;

    [Fact]
    public async Task In_python()
    {
        var node = await shared.DeployAsync("garbage");
        AssertFits(await node.DoAsync("garbage", "garbage", new JsonObject { ["rounds"] = Rounds }, tail: true), node);
    }

    [Fact]
    public async Task In_nodejs()
    {
        Needs.Program("/usr/bin/node", "nodejs");
        var node = await shared.DeployAsync();
        const string Code = """
            exports.h = async rounds => {
              let n = 0;
              for (let i = 0; i < rounds; i++) {
                const numbers = new Array(50000).fill(i), bytes = Buffer.alloc(1 << 18, 1);
                n += numbers.length + bytes.length;
                if (i % 100 == 0) await new Promise(r => setImmediate(r));
              }
              return n;
            };
            """;
        await node.Client.CreateAsync(new FunctionSettings("garbage-node", "nodejs20.x", "m.h", TimeoutSeconds: 120), FunctionZip.Of(("m.js", Code)));
        AssertFits(await node.Client.InvokeAsync("garbage-node", $"{Rounds}", tail: true), node);
    }

    [Fact]
    public async Task In_dotnet()
    {
        var node = await shared.DeployAsync();
        // With what it was built beside: reading an assembly's attributes loads their types.
        var assembly = FunctionZip.Of(Directory.EnumerateFiles(AppContext.BaseDirectory, "*.dll").Select(path => (Path.GetFileName(path), File.ReadAllBytes(path))));
        await node.Client.CreateAsync(new FunctionSettings("garbage-dotnet", "dotnet10", DotnetBehaviours.Handler, TimeoutSeconds: 120), assembly);
        AssertFits(await node.Client.InvokeAsync("garbage-dotnet", $"{Rounds}", tail: true), node);
    }

    private static void AssertFits(Invocation answer, TestNode node)
    {
        Assert.True(answer.Succeeded, $"{answer}\n{node.Output}");
        Assert.Contains("Memory Size: 128 MB", answer.Log, StringComparison.Ordinal);
    }
}
