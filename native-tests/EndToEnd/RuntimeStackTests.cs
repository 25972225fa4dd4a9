using System.Text;
using System.Text.Json.Nodes;
using Hearth.NativeTests.Harness;
using Xunit;

namespace Hearth.NativeTests.EndToEnd;

/// <summary>
/// Runtime clients in a layer that use the Runtime API as AWS's for Python and .NET do, each by its language's own HTTP stack: Python's http.client
/// (provided/python-client.py) and .NET's HttpClient (<see cref="DotnetClient"/>). AWS's packages themselves are on PyPI and NuGet, which not every machine reaches.
/// </summary>
[Collection(EndToEndCollection.Name)]
public sealed class RuntimeStackTests(SharedNode shared) : IClassFixture<SharedNode>
{
    // The largest event and answer, but for what stands around the text in them.
    private const int Large = (6 << 20) - 1_000;

    private const string PythonFunction = """
        import time
        def handle(event, context):
            if event.get("fails"):
                raise ValueError("asked to fail, é")
            if "size" in event:
                return "x" * event["size"]
            return {"event": event, "opened": context.connection.opened, "id": context.aws_request_id, "left": context.deadline_ms > time.time() * 1000, "arn": context.invoked_function_arn}
        """;

    [Fact]
    public async Task Python_serves_through_http_client()
    {
        Needs.Program("/usr/bin/python3", "python3");
        var node = await shared.DeployAsync();
        var client = await File.ReadAllBytesAsync(Path.Combine(AppContext.BaseDirectory, "EndToEnd/provided/python-client.py"), TestContext.Current.CancellationToken);
        var layer = await node.Client.PublishLayerAsync("python-client", FunctionZip.OfPrograms(("bootstrap", "#!/bin/sh\nexec /usr/bin/python3 /opt/python-client.py\n"u8.ToArray()), ("python-client.py", client)));
        var code = FunctionZip.Of(("app.py", PythonFunction));
        await node.Client.CreateAsync(new FunctionSettings("stack-python", "provided.al2023", "app.handle", MemoryMb: 256, TimeoutSeconds: 30) { Layers = [layer] }, code);

        for (var i = 0; i < 20; i++)
            await ServesAsync(node, "stack-python", $$"""{"é":{{i}}}""");
        var large = $$"""{"large":"{{new string('x', Large)}}"}""";
        await ServesAsync(node, "stack-python", large);
        // Frozen and thawed while it waits for the next event, on the same connection.
        await Task.Delay(2_000, TestContext.Current.CancellationToken);
        await ServesAsync(node, "stack-python", "{}");

        var failed = await node.Client.InvokeAsync("stack-python", """{"fails":true}""", tail: true);
        Assert.Equal(("Unhandled", "ValueError", "asked to fail, é"), (failed.FunctionError, failed.ErrorType, failed.Json["errorMessage"]!.GetValue<string>()));
        Assert.Contains("line 4, in handle", failed.Json["stackTrace"]![0]!.GetValue<string>(), StringComparison.Ordinal);
        // One event of the log, its lines joined by CR as AWS's client joins them.
        Assert.Contains("[ERROR] ValueError: asked to fail, é\rTraceback (most recent call last):\r", failed.Log, StringComparison.Ordinal);
        await ServesAsync(node, "stack-python", "{}");

        await AssertTooLargeAsync(node, "stack-python", """{"size":6291560}""");
        await ServesAsync(node, "stack-python", "{}");

        await node.Client.CreateAsync(new FunctionSettings("stack-python-absent", "provided.al2023", "nope.handle", TimeoutSeconds: 30) { Layers = [layer] }, code);
        var absent = await node.Client.InvokeAsync("stack-python-absent");
        Assert.Equal(
            ("Unhandled", "Runtime.ImportModuleError", "Unable to import module 'nope': No module named 'nope'"), (absent.FunctionError, absent.ErrorType, absent.Json["errorMessage"]!.GetValue<string>()));
    }

    [Fact]
    public async Task Dotnet_serves_through_HttpClient()
    {
        Needs.Program("/usr/bin/dotnet", "dotnet-runtime-10.0");
        var node = await shared.DeployAsync();
        var files = Directory.EnumerateFiles(AppContext.BaseDirectory).Where(static path => Path.GetExtension(path) is ".dll" or ".json").Select(path => (Path.GetFileName(path), File.ReadAllBytes(path)));
        var layer = await node.Client.PublishLayerAsync("dotnet-client", FunctionZip.OfPrograms([("bootstrap", Encoding.UTF8.GetBytes($"#!/bin/sh\nexport HOME=/tmp\nexec {DotnetClient.Command}\n")), .. files]));
        var code = FunctionZip.Of(("readme", "the layer brings it all"));
        await node.Client.CreateAsync(new FunctionSettings("stack-dotnet", "provided.al2023", "serves", MemoryMb: 1024, TimeoutSeconds: 60) { Layers = [layer] }, code);

        foreach (var how in (string[])["length", "chunked"])
        {
            foreach (var expect in (bool[])[false, true])
            {
                foreach (var size in (int[])[0, 1, 100_000, Large])
                    await ServesAsync(node, "stack-dotnet", Event(how, expect, size));
                var failed = await node.Client.InvokeAsync("stack-dotnet", $$"""{"how":"{{how}}","expect":{{(expect ? "true" : "false")}},"fails":true}""");
                Assert.Equal(("Unhandled", "InvalidOperationException", "asked to fail"), (failed.FunctionError, failed.ErrorType, failed.Json["errorMessage"]!.GetValue<string>()));
            }
        }

        Assert.Equal("one two", (await node.Client.InvokeAsync("stack-dotnet", """{"how":"stream"}""")).Body);
        var cut = await node.Client.InvokeAsync("stack-dotnet", """{"how":"stream-error"}""");
        Assert.Equal(("Unhandled", "FormatException"), (cut.FunctionError, cut.ErrorType));
        await ServesAsync(node, "stack-dotnet", Event("length", false, 0));

        // Refused by the length alone, by the length before the body is sent, and in the middle of chunks.
        foreach (var (how, expect) in ((string, bool)[])[("length", false), ("length", true), ("chunked", false), ("chunked", true)])
        {
            await AssertTooLargeAsync(node, "stack-dotnet", Event(how, expect, 6_291_560));
            await ServesAsync(node, "stack-dotnet", Event(how, expect, 1));
        }

        await node.Client.CreateAsync(new FunctionSettings("stack-dotnet-absent", "provided.al2023", "absent", MemoryMb: 1024, TimeoutSeconds: 60) { Layers = [layer] }, code);
        var absent = await node.Client.InvokeAsync("stack-dotnet-absent");
        Assert.Equal(("Unhandled", "LambdaValidationException", "Unable to find method 'Absent'"), (absent.FunctionError, absent.ErrorType, absent.Json["errorMessage"]!.GetValue<string>()));
    }

    // All that went before came over one connection of that runtime.
    private static async Task ServesAsync(TestNode node, string function, string requested)
    {
        var answer = await node.Client.InvokeAsync(function, requested);
        Assert.True(answer.Succeeded, $"{answer}\n{(answer.Succeeded ? "" : (await Cli.RunAsync(node, "logs", function)).Output)}");
        Assert.Equal((1, true), (answer.Json["opened"]!.GetValue<int>(), JsonNode.DeepEquals(JsonNode.Parse(requested), answer.Json["event"])));
    }

    private static async Task AssertTooLargeAsync(TestNode node, string function, string requested)
    {
        var answer = await node.Client.InvokeAsync(function, requested);
        Assert.Equal(("Unhandled", "Function.ResponseSizeTooLarge"), (answer.FunctionError, answer.ErrorType));
    }

    private static string Event(string how, bool expect, int size) => $$"""{"how":"{{how}}","expect":{{(expect ? "true" : "false")}},"size":{{size}}}""";
}
