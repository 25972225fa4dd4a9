using System.Diagnostics;
using System.Net;
using System.Text.Json.Nodes;
using Hearth.NativeTests.Harness;
using Xunit;

namespace Hearth.NativeTests.EndToEnd;

/// <summary>Functions that bring their own runtime: a shell script with curl, a static binary, one with an extension.</summary>
[Collection(EndToEndCollection.Name)]
public sealed class ProvidedTests(SharedNode shared) : IClassFixture<SharedNode>
{
    [Fact]
    public async Task A_shell_script_with_curl_is_a_runtime()
    {
        Needs.Program("/usr/bin/curl", "curl");
        var node = await shared.DeployAsync();
        await DeployAsync(node, "script", Script());

        var answer = JsonNode.Parse((await node.Client.InvokeAsync("script", """{"x":1}""")).Body)!;
        Assert.Equal("""{"x":1}""", answer["event"]!.ToJsonString());
        Assert.Equal("/var/task", answer["cwd"]!.GetValue<string>());
        Assert.Equal("127.0.0.1", answer["sandbox"]!.GetValue<string>());
        Assert.Equal("", answer["executionEnv"]!.GetValue<string>());

        var failed = await node.Client.InvokeAsync("script", "\"fail\"");
        Assert.Equal(("Unhandled", """{"errorMessage":"no","errorType":"ScriptError"}"""), (failed.FunctionError, failed.Body));
        var logged = await node.Client.InvokeAsync("script", "{}", tail: true);
        Assert.Contains("serving ", logged.Log, StringComparison.Ordinal);

        var ended = await node.Client.InvokeAsync("script", "\"exit\"", tail: true);
        Assert.Equal("Runtime.ExitError", ended.ErrorType);
        Assert.EndsWith("Error: Runtime exited with error: exit status 7\"}", ended.Body, StringComparison.Ordinal);
        Assert.Contains("Error Type: Runtime.ExitError", ended.Log, StringComparison.Ordinal);
        // /tmp stays over the reset, memory does not.
        Assert.Equal("2", JsonNode.Parse((await node.Client.InvokeAsync("script")).Body)!["starts"]!.ToJsonString());
    }

    [Fact]
    public async Task A_static_binary_is_a_runtime()
    {
        Needs.Program("/usr/bin/gcc", "gcc");
        var node = await shared.DeployAsync();
        var built = Path.Combine(Path.GetTempPath(), $"hearth-test-{Guid.NewGuid():N}");
        try
        {
            using (var gcc = Process.Start("/usr/bin/gcc", ["-D_GNU_SOURCE", "-O2", "-static", "-o", built, Path.Combine(AppContext.BaseDirectory, "EndToEnd/provided/bootstrap.c")]))
                await gcc.WaitForExitAsync(TestContext.Current.CancellationToken);
            await DeployAsync(node, "static", FunctionZip.OfPrograms(("bootstrap", await File.ReadAllBytesAsync(built, TestContext.Current.CancellationToken))));
        }
        finally
        {
            File.Delete(built);
        }

        for (var i = 0; i < 100; i++)
            Assert.Equal($"{{\"n\":{i}}}", (await node.Client.InvokeAsync("static", $"{{\"n\":{i}}}")).Body);
    }

    [Fact]
    public async Task A_bootstrap_that_ends_after_each_answer_loses_no_event()
    {
        Needs.Program("/usr/bin/curl", "curl");
        var node = await shared.DeployAsync();
        await DeployAsync(node, "once", Script("once.sh"));
        // The next event comes at once: to a runtime that has answered and is about to end.
        for (var i = 0; i < 30; i++)
            Assert.Equal($"{{\"n\":{i}}}", (await node.Client.InvokeAsync("once", $"{{\"n\":{i}}}")).Body);
        var large = $"\"{new string('x', 1 << 20)}\"";
        for (var i = 0; i < 5; i++)
            Assert.Equal(large.Length, (await node.Client.InvokeAsync("once", large)).Body.Length);
    }

    [Fact]
    public async Task An_extension_finishes_each_event_before_the_next_and_a_time_out_leaves_nothing_of_it()
    {
        Needs.Program("/usr/bin/curl", "curl");
        var node = await shared.DeployAsync();
        await node.Client.CreateAsync(new FunctionSettings("extended", "provided.al2023", "x", TimeoutSeconds: 5), Script("with-extension.sh"));
        // The extension goes on for 0.2 s when the runtime has counted: an event that did not wait for it would count one less.
        for (var i = 0; i < 3; i++)
            Assert.Equal($"{i}", (await node.Client.InvokeAsync("extended", tail: true)).Body);
        Assert.Equal("Sandbox.Timedout", (await node.Client.InvokeAsync("extended", "\"sleep\"")).ErrorType);
        // The event that timed out was told to it, too.
        Assert.Equal("4", (await node.Client.InvokeAsync("extended", tail: true)).Body);
    }

    [Fact]
    public async Task Layers_bring_a_runtime_and_an_extension_of_its_own_process()
    {
        Needs.Program("/usr/bin/curl", "curl");
        var node = await shared.DeployAsync();
        var runtime = await node.Client.PublishLayerAsync("runtime", FunctionZip.OfPrograms(("bootstrap", Read("layer-bootstrap.sh"))));
        var extension = await node.Client.PublishLayerAsync("watcher", FunctionZip.OfPrograms(("extensions/watcher", Read("watcher.sh"))));
        await node.Client.CreateAsync(new FunctionSettings("layered", "provided.al2023", "some.handler", TimeoutSeconds: 5) { Layers = [runtime, extension] }, FunctionZip.Of(("data", "mine")));

        var first = await node.Client.InvokeAsync("layered", tail: true);
        Assert.StartsWith("\"/opt/bootstrap mine ", first.Body, StringComparison.Ordinal);
        await Patience.UntilAsync("what it printed is in the log", async () => (await Cli.RunAsync(node, "logs", "layered")).Output.Contains("watching layered, handler unknown", StringComparison.Ordinal));
        // Who asks for the log waits for the extension: by now it has been told of the first event.
        Assert.StartsWith("\"/opt/bootstrap mine INVOKE ", (await node.Client.InvokeAsync("layered", tail: true)).Body, StringComparison.Ordinal);
        Assert.Equal("Sandbox.Timedout", (await node.Client.InvokeAsync("layered", "\"sleep\"")).ErrorType);
        Assert.Contains("SHUTDOWN timeout", (await node.Client.InvokeAsync("layered", tail: true)).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_bootstrap_that_is_not_there_is_told_in_AWSs_words()
    {
        var node = await shared.DeployAsync();
        await DeployAsync(node, "absent", FunctionZip.Of(("readme", "nothing to run\n")));
        var failed = await node.Client.InvokeAsync("absent", tail: true);
        Assert.Equal((HttpStatusCode.OK, "Unhandled", "Runtime.InvalidEntrypoint"), (failed.Status, failed.FunctionError, failed.ErrorType));
        Assert.Matches("\"errorMessage\":\"RequestId: [0-9a-f-]{36} Error: Couldn't find valid bootstrap\\(s\\): \\[/var/task/bootstrap /opt/bootstrap\\]\"", failed.Body);
        Assert.Contains("Error Type: Runtime.InvalidEntrypoint", failed.Log, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("provided")]
    [InlineData("provided.al2")]
    [InlineData("provided.al2023")]
    public async Task Every_id_of_AWS_is_served(string runtime)
    {
        Needs.Program("/usr/bin/curl", "curl");
        var node = await shared.DeployAsync();
        var name = runtime.Replace('.', '-');
        await node.Client.CreateAsync(new FunctionSettings(name, runtime, "x", TimeoutSeconds: 20), Script());
        Assert.Equal("", (await node.Client.InvokeAsync(name)).FunctionError);
    }

    [Fact]
    public async Task It_is_listed_and_needs_nothing_of_the_machine()
    {
        var node = await shared.DeployAsync();
        var (code, output, _) = await CommandTests.RunAsync(node, "runtimes", "--json");
        Assert.Equal(0, code);
        var listed = JsonNode.Parse(output)!["Runtimes"]!.AsArray().Single(one => one!["Language"]!.GetValue<string>() == "provided")!;
        Assert.NotEqual("", listed["InstalledVersion"]!.GetValue<string>());
        Assert.Equal(["provided.al2023", "provided.al2", "provided"], listed["RuntimeIds"]!.AsArray().Select(id => id!.GetValue<string>()));
    }

    private static byte[] Script(string name = "bootstrap.sh") => FunctionZip.OfPrograms(("bootstrap", Read(name)));

    private static byte[] Read(string name) => File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "EndToEnd/provided", name));

    private static Task DeployAsync(TestNode node, string name, byte[] zip) =>
        node.Client.CreateAsync(new FunctionSettings(name, "provided.al2023", "x", TimeoutSeconds: 20), zip);
}
