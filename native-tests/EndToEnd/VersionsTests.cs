using System.Diagnostics;
using Hearth.NativeTests.Harness;
using Xunit;

namespace Hearth.NativeTests.EndToEnd;

/// <summary>Versions, aliases, layers and concurrency in real sandboxes, driven by an unmodified client.</summary>
[Collection(EndToEndCollection.Name)]
public sealed class VersionsTests
{
    [Fact]
    public async Task Versions_aliases_and_layers_run_as_what_they_are()
    {
        Needs.Program("/usr/lib/python3/dist-packages/boto3/__init__.py", "python3-boto3");
        await using var node = await TestNode.StartAsync();
        var script = Path.Combine(AppContext.BaseDirectory, "EndToEnd", "Versions.py");
        var (code, output) = await Cli.RunAsync(new ProcessStartInfo("/usr/bin/python3", ["-B", "-I", script, node.Endpoint.ToString().TrimEnd('/')]));
        Assert.True(code == 0 && output.Contains("versions: ok", StringComparison.Ordinal), output + node.Output);
        Assert.Equal(0, await node.StopAsync());
        await node.AssertNothingLeftAsync();
    }
}
