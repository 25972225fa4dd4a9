using System.Diagnostics;
using Hearth.NativeTests.Harness;
using Xunit;

namespace Hearth.NativeTests.EndToEnd;

/// <summary>What functions print, by <c>aws logs tail</c> and boto3.</summary>
[Collection(EndToEndCollection.Name)]
public sealed class LogsApiTests
{
    private const string Source = """
        def handle(event, context):
            for line in event:
                print(line)
        """;

    [Fact]
    public async Task Unmodified_clients_read_and_follow_the_logs_of_functions()
    {
        Needs.Program("/usr/lib/python3/dist-packages/boto3/__init__.py", "python3-boto3");
        Needs.Program("/usr/bin/aws", "awscli");
        await using var node = await TestNode.StartAsync();
        var zip = Path.Combine(node.Data, "..", $"printer-{Environment.ProcessId}.zip");
        await File.WriteAllBytesAsync(zip, FunctionZip.Of(("handler.py", Source)), TestContext.Current.CancellationToken);
        try
        {
            var script = Path.Combine(AppContext.BaseDirectory, "EndToEnd", "LogsApi.py");
            var (code, output) = await Cli.RunAsync(new ProcessStartInfo("/usr/bin/python3", ["-B", "-I", script, node.Endpoint.ToString().TrimEnd('/'), zip]));
            Assert.True(code == 0 && output.Contains("logs: ok", StringComparison.Ordinal), output + node.Output);
        }
        finally
        {
            File.Delete(zip);
        }
    }
}
