using System.Diagnostics;
using Hearth.NativeTests.Harness;
using Xunit;

namespace Hearth.NativeTests.EndToEnd;

/// <summary>boto3, which parses every answer by AWS's service model: error classes, members of answers, and refusals from create to delete.</summary>
[Collection(EndToEndCollection.Name)]
public sealed class BadInputBotoTests
{
    [Fact]
    public async Task Every_answer_fits_the_service_model()
    {
        Needs.Program("/usr/lib/python3/dist-packages/boto3/__init__.py", "python3-boto3");
        await using var node = await TestNode.StartAsync();
        var script = Path.Combine(AppContext.BaseDirectory, "EndToEnd", "BadInputBoto.py");
        var start = new ProcessStartInfo("/usr/bin/python3", ["-B", "-I", script, node.Endpoint.ToString().TrimEnd('/'), node.Data]);
        var (code, output) = await Cli.RunAsync(start);
        Assert.True(code == 0, output + node.Output);
        Assert.DoesNotContain("FAILED", output, StringComparison.Ordinal);
        Assert.True(output.Split('\n').Count(line => line.StartsWith("ok ", StringComparison.Ordinal)) >= 40, output);
    }
}
