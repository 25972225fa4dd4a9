using System.Text.Json.Nodes;
using Hearth.NativeTests.Harness;
using Xunit;

namespace Hearth.NativeTests.EndToEnd;

/// <summary>A login shell's limit of 1,024 open files is not a node's: it holds fourteen for each sandbox.</summary>
[Collection(EndToEndCollection.Name)]
public sealed class DescriptorTests
{
    private const int AtOnce = 5, Sandboxes = 75;

    [Fact]
    public async Task More_sandboxes_than_a_shells_limit_has_room_for_run_at_once()
    {
        Needs.Program("/usr/bin/prlimit", "util-linux");
        await using var node = await TestNode.StartAsync();
        await node.StopAsync();
        await node.UpAsync("/usr/bin/prlimit", "--nofile=1024:");
        await Behaviours.DeployAsync(node, "f", timeoutSeconds: 120);
        var mark = Guid.NewGuid().ToString("N");
        List<Task<Invocation>> running = [];
        while (running.Count < Sandboxes)
        {
            // Some at a time: how many starts at once a machine is good for is another question.
            running.AddRange(Enumerable.Range(0, AtOnce).Select(_ => node.DoAsync("f", "wait", new JsonObject { ["mark"] = mark })));
            await Patience.UntilAsync("all of them run", async () =>
            {
                foreach (var ended in running.Where(static answer => answer.IsCompleted))
                    Assert.Fail($"{await ended}\n{node.Output}");
                var (code, output) = await Cli.RunAsync(node, "ps", "--json");
                return code == 0 && JsonNode.Parse(output)!["Instances"]!.AsArray().Count(one => one!["State"]!.GetValue<string>() == "busy") == running.Count;
            }, 60);
        }

        await Patience.UntilAsync("all have answered", () =>
        {
            SandboxTmp.LetGo($"waiting-{mark}", $"go-{mark}");
            return running.All(static answer => answer.IsCompleted);
        }, 60);
        foreach (var answer in await Task.WhenAll(running))
            Assert.True(answer.Succeeded, $"{answer}\n{node.Output}");
        foreach (var program in (string[])["hearth-agent", "hearth-spawner"])
            // As far as the hard limit goes, and beyond it where root may: not in every container.
            Assert.Matches(@"Max open files +([0-9]{5,}) +\1 ", ProcessTable.Read(node.Pid(program), "limits"));
    }
}
