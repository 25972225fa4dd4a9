using System.Net;
using System.Text.Json.Nodes;
using Hearth.NativeTests.Harness;
using Xunit;

namespace Hearth.NativeTests.EndToEnd;

/// <summary>A language that is not installed: deploying says what to install and keeps nothing, and so does invoking what was deployed before.</summary>
[Collection(EndToEndCollection.Name)]
public sealed class RefusedRuntimeTests
{
    private const string Node = "/usr/bin/node", Install = "apt-get install nodejs";

    [Fact]
    public async Task What_is_missing_is_named_with_the_command_that_installs_it()
    {
        Needs.Program(Node, "nodejs");
        await using var node = await TestNode.StartAsync();
        var zip = FunctionZip.Of(("index.js", "exports.handle = async event => event\n"));
        await node.Client.CreateAsync(new FunctionSettings("before", "nodejs20.x", "index.handle", MemoryMb: 256), zip);
        Assert.Equal("{}", (await node.Client.InvokeAsync("before")).Body);
        await node.StopAsync();

        await node.UpAsync(RefusedWithout.Programs(Node));

        await Patience.UntilAsync("the control plane knows what is installed", async () => (await RuntimeAsync(node, "python"))["InstalledVersion"]!.GetValue<string>().Length > 0);
        var absent = await RuntimeAsync(node, "nodejs");
        Assert.Equal("", absent["InstalledVersion"]!.GetValue<string>());
        Assert.Contains(Install, absent["Note"]!.GetValue<string>(), StringComparison.Ordinal);

        var before = await BadInputState.OfAsync(node);
        var folder = Directory.CreateDirectory(Path.Combine(node.Data, "sources")).FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "index.js"), "exports.handle = async event => event\n", TestContext.Current.CancellationToken);
        var (code, _, error) = await CommandTests.RunAsync(node, "deploy", folder, "--name", "after", "--runtime", "nodejs20.x", "--handler", "index.handle");
        Assert.Equal(2, code);
        Assert.Contains(Install, error, StringComparison.Ordinal);
        await before.AssertUnchangedAsync(node);

        var answer = await node.Client.InvokeAsync("before");
        Assert.Equal(HttpStatusCode.InternalServerError, answer.Status);
        Assert.Contains(Install, answer.Body, StringComparison.Ordinal);
    }

    private static async Task<JsonNode> RuntimeAsync(TestNode node, string language)
    {
        var (_, output, _) = await CommandTests.RunAsync(node, "runtimes", "--json");
        return JsonNode.Parse(output)!["Runtimes"]!.AsArray().First(one => one!["Language"]!.GetValue<string>() == language)!;
    }
}
