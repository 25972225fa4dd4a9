using System.Buffers.Binary;
using System.Text;
using System.Text.Json.Nodes;
using Hearth.NativeTests.Harness;
using Xunit;

namespace Hearth.NativeTests.EndToEnd;

/// <summary>External extensions and wrapper scripts of python, nodejs and dotnet functions, from layers.</summary>
[Collection(EndToEndCollection.Name)]
public sealed class ManagedExtensionTests(SharedNode shared) : IClassFixture<SharedNode>
{
    private const string Watcher = "watcher", Say = """{"say":"hello"}""";

    private static int s_last;

    public static TheoryData<string> Languages => ["python", "nodejs", "dotnet"];

    [Theory, MemberData(nameof(Languages))]
    public async Task An_extension_is_told_of_events_ends_and_what_was_printed(string language)
    {
        var (node, name) = await DeployAsync(language, Program("extensions/watcher", "watcher.py"));
        var first = await node.Client.InvokeAsync(name, Say, tail: true);
        Assert.True(first.Succeeded, $"{first}\n{first.Log}\n{node.Output}");
        Assert.Equal("hearth-adapter", Text(first, "parent"));
        Assert.DoesNotContain(first.Json["variables"]!.AsArray(), variable => variable!.GetValue<string>().StartsWith("_HEARTH", StringComparison.Ordinal));
        Assert.Contains("function says hello", first.Log, StringComparison.Ordinal);
        // Who asks for the log waits for the extension: it has been told of the first event by now.
        var second = await node.Client.InvokeAsync(name, Say, tail: true);
        Assert.InRange(Count(Text(second, "watched"), "INVOKE "), 1, 2);
        await Patience.UntilAsync("telemetry of the first event is there", async () =>
        {
            var telemetry = Text(await node.Client.InvokeAsync(name, "{}", tail: true), "telemetry");
            return ((string[])["platform.initStart", "platform.initReport", "platform.start", "platform.runtimeDone", "platform.report", "extension", "function"]).All(type => telemetry.Contains($"{type} ", StringComparison.Ordinal))
                && telemetry.Contains("function says hello", StringComparison.Ordinal) && telemetry.Contains($"\"runtimeVersion\": \"{language}:", StringComparison.Ordinal);
        });

        var failed = await node.Client.InvokeAsync(name, """{"do":"raise"}""", tail: true);
        Assert.Equal("no", failed.Json["errorMessage"]!.GetValue<string>());

        var late = await node.Client.InvokeAsync(name, """{"do":"sleep"}""");
        Assert.Equal("Sandbox.Timedout", late.ErrorType);
        // The same /tmp after the reset, and a new extension.
        var after = Text(await node.Client.InvokeAsync(name, "{}", tail: true), "watched");
        Assert.Contains("SHUTDOWN timeout\n", after, StringComparison.Ordinal);

        var ended = await node.Client.InvokeAsync(name, """{"do":"exit"}""");
        Assert.EndsWith("Error: Runtime exited with error: exit status 9\"}", ended.Body, StringComparison.Ordinal);
        Assert.Contains("SHUTDOWN failure\n", Text(await node.Client.InvokeAsync(name, "{}", tail: true), "watched"), StringComparison.Ordinal);

        // Another revision ends the instances of this one.
        await node.Client.UpdateCodeAsync(name, Code(language, "another"));
        await Patience.UntilAsync("the log has all", async () => await Cli.RunAsync(node, "logs", name) is (0, var log)
            && ((string[])[$"INIT_START Runtime Version: {language}:", $"watching {name} ", $"{Watcher} was told SHUTDOWN spindown", "EXTENSION\tName: watcher\tState: Ready"]).All(part => log.Contains(part, StringComparison.Ordinal)));
    }

    [Theory, MemberData(nameof(Languages))]
    public async Task Six_mebibytes_go_in_and_out(string language)
    {
        var (node, name) = await DeployAsync(language, Program("extensions/watcher", "watcher.py"), memoryMb: 256, timeoutSeconds: 30);
        var text = new string('x', (6 << 20) - 100);
        for (var i = 0; i < 3; i++)
        {
            var answer = await node.Client.InvokeAsync(name, $$"""{"do":"echo","text":"{{text}}"}""");
            Assert.True(answer.Succeeded, $"{answer}");
            Assert.Equal(text.Length + 2, answer.Body.Length);
        }
    }

    [Fact]
    public async Task A_streamed_answer_comes_in_pieces()
    {
        var (node, name) = await DeployAsync("nodejs", Program("extensions/watcher", "watcher.py"), handler: "app.stream", timeoutSeconds: 30);
        using var http = new HttpClient { BaseAddress = node.Endpoint };
        for (var i = 0; i < 3; i++)
        {
            using var answer = await http.PostAsync($"/2021-11-15/functions/{name}/response-streaming-invocations", new StringContent("""{"pieces":20}"""), TestContext.Current.CancellationToken);
            var payload = PayloadOf(await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
            Assert.Equal(10_000_000, payload.Length);
            Assert.All(Enumerable.Range(0, 20), piece => Assert.Equal((97 + piece, 97 + piece), (payload[piece * 500_000], payload[(piece * 500_000) + 499_999])));
        }
    }

    [Fact]
    public async Task Memory_beyond_the_setting_is_told_as_ever()
    {
        var (node, name) = await DeployAsync("python", Program("extensions/watcher", "watcher.py"));
        var answer = await node.Client.InvokeAsync(name, """{"do":"allocate"}""", tail: true);
        Assert.EndsWith("Error: Runtime exited with error: signal: killed", answer.Json["errorMessage"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Contains("Error Type: Runtime.OutOfMemory", answer.Log, StringComparison.Ordinal);
        Assert.True((await node.Client.InvokeAsync(name)).Succeeded, "it starts clean next time");
    }

    [Theory]
    [InlineData("import sys; sys.exit(3)", "Extension.Crash", "exit status 3")]
    [InlineData("register(); import os; os._exit(0)", "Extension.Crash", "exit code 0")]
    [InlineData("register(); call('POST', '/2020-01-01/extension/init/error', {**mine, 'Lambda-Extension-Function-Error-Type': 'Extension.NoLicence'}); wait()", "Extension.InitError", "Extension.NoLicence")]
    public async Task An_extension_that_fails_to_start_is_told_in_AWSs_words(string line, string type, string cause)
    {
        var (node, name) = await DeployAsync("python", ("extensions/failing", Encoding.UTF8.GetBytes(Lines(line))));
        var answer = await node.Client.InvokeAsync(name, tail: true);
        Assert.Equal(("Unhandled", type), (answer.FunctionError, answer.ErrorType));
        Assert.EndsWith($"Error: {cause}", answer.Json["errorMessage"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Contains($"Error Type: {type}", answer.Log, StringComparison.Ordinal);
    }

    /// <summary>It has the function's user and rights: it can end its own sandbox, and nothing else.</summary>
    [Theory]
    [InlineData("register(); next()\nwhile True: os.write(1, b'z' * 65536)")]
    [InlineData("register(); next()\nwhile True:\n    try: call('POST', '/2020-01-01/extension/register', {'Lambda-Extension-Name': os.urandom(8).hex()}, '{\"events\":[\"INVOKE\"]}' + ' ' * 900000)\n    except Exception: api.close()")]
    [InlineData("register(); next(); os.kill(-1, 9)")]
    [InlineData("register(); next(); clients = [(pid, fd) for pid in os.listdir('/proc') if pid.isdigit() and pid != str(os.getpid()) for fd in ('3', '4', '62', '63')]\nfor pid, fd in clients:\n    try: os.write(os.open(f'/proc/{pid}/fd/{fd}', os.O_WRONLY), b'\\xff' * 64)\n    except OSError: pass\nwait()")]
    [InlineData("register(); next()\nwhile True:\n    try:\n        if os.fork() == 0: time.sleep(1000)\n    except OSError: pass")]
    public async Task A_hostile_extension_harms_its_own_function_only(string lines)
    {
        var (node, name) = await DeployAsync("python", ("extensions/hostile", Encoding.UTF8.GetBytes(Lines(lines))), timeoutSeconds: 3);
        await shared.DeployAsync("neighbour");
        var hostile = Task.WhenAll(Enumerable.Range(0, 3).Select(_ => node.Client.InvokeAsync(name)));
        for (var i = 0; i < 30; i++)
            Assert.True((await node.DoAsync("neighbour", "echo")).Succeeded);
        await hostile;
        // A new revision without it: whatever was left of the old one is not in the way.
        await node.Client.DeleteAsync(name);
        Assert.True((await node.DoAsync("neighbour", "echo")).Succeeded);
    }

    [Theory, MemberData(nameof(Languages))]
    public async Task Without_extensions_nothing_stands_between(string language)
    {
        var (node, name) = await DeployAsync(language, ("other/file", [1]));
        var answer = await node.Client.InvokeAsync(name);
        Assert.True(answer.Succeeded, $"{answer}");
        // Of a Python that was forked from a zygote no parent is in sight.
        var parent = Text(answer, "parent");
        Assert.True(parent == "hearth-init" || (language == "python" && parent == ""), $"its parent is {parent}");
    }

    [Theory, MemberData(nameof(Languages))]
    public async Task A_wrapper_starts_the_runtime_and_what_it_sets_is_the_functions(string language)
    {
        var another = language == "dotnet" ? "" : "app.wrapped";
        Dictionary<string, string> variables = new() { ["AWS_LAMBDA_EXEC_WRAPPER"] = "/opt/wrapper" };
        if (another.Length > 0)
            variables["WRAPPED_HANDLER"] = another;
        var (node, name) = await DeployAsync(language, Program("wrapper", "wrapper.sh"), variables: variables);
        for (var i = 0; i < 2; i++)
        {
            var answer = await node.Client.InvokeAsync(name, tail: true);
            Assert.True(answer.Succeeded, $"{answer}\n{answer.Log}");
            Assert.Matches(language == "dotnet" ? "Watched with 2 arguments" : "app.handler with 4 arguments", Text(answer, "wrapped"));
            // What only works when it is there at the start, and what -I makes Python not look at.
            if (language == "python")
                Assert.Equal(0, answer.Json["randomized"]!.GetValue<int>());
            Assert.DoesNotContain(answer.Json["variables"]!.AsArray(), variable => variable!.GetValue<string>() is var seen && (seen.StartsWith("_HEARTH", StringComparison.Ordinal) || seen == "HEARTH_MEMORY_MB"));
        }
    }

    [Fact]
    public async Task A_wrapper_that_is_not_there_is_told_as_on_AWS()
    {
        var (node, name) = await DeployAsync("python", ("other/file", [1]), variables: new() { ["AWS_LAMBDA_EXEC_WRAPPER"] = "/opt/none" });
        var answer = await node.Client.InvokeAsync(name, tail: true);
        Assert.Equal("Runtime.ExitError", answer.ErrorType);
        Assert.EndsWith("Error: Runtime exited with error: exit status 127", answer.Json["errorMessage"]!.GetValue<string>(), StringComparison.Ordinal);
        await Patience.UntilAsync("the log names it", async () => (await Cli.RunAsync(node, "logs", name)).Output.Contains("/opt/none: no such file or directory", StringComparison.Ordinal));
    }

    private async Task<(TestNode Node, string Name)> DeployAsync(
        string language, (string Name, byte[] Content) inLayer, int memoryMb = 0, string? handler = null, int timeoutSeconds = 10, Dictionary<string, string>? variables = null)
    {
        if (language != "python")
            Needs.Program($"/usr/bin/{(language == "nodejs" ? "node" : "dotnet")}", language);
        var node = await shared.DeployAsync();
        var name = $"extended-{language}-{Interlocked.Increment(ref s_last)}";
        var layer = await node.Client.PublishLayerAsync(name, FunctionZip.OfPrograms(inLayer));
        var settings = new FunctionSettings(
            name, language switch { "python" => "python3.11", "nodejs" => "nodejs20.x", _ => "dotnet10" }, handler ?? (language == "dotnet" ? DotnetBehaviours.WatchedHandler : "app.handler"),
            memoryMb == 0 ? 128 : memoryMb, timeoutSeconds)
        {
            Layers = [layer],
            Environment = variables ?? [],
        };
        await node.Client.CreateAsync(settings, Code(language));
        return (node, name);
    }

    private static byte[] Code(string language, string more = "") => language switch
    {
        // With what it was built beside: reading an assembly's attributes loads their types.
        "dotnet" => FunctionZip.Of([.. Directory.EnumerateFiles(AppContext.BaseDirectory, "*.dll").Select(path => (Path.GetFileName(path), File.ReadAllBytes(path))), ("more", Encoding.UTF8.GetBytes(more))]),
        "python" => FunctionZip.Of([("app.py", Read("app.py")), ("more", Encoding.UTF8.GetBytes(more))]),
        _ => FunctionZip.Of([("app.js", Read("app.js")), ("more", Encoding.UTF8.GetBytes(more))]),
    };

    private static (string Name, byte[] Content) Program(string name, string file) => (name, Read(file));

    /// <summary>Lines of an extension that has the calls of one.</summary>
    private static string Lines(string lines) => $$"""
        #!/usr/bin/python3 -IS
        import http.client, os, sys, time
        api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
        mine = {}
        def call(method, path, headers, body=None):
            api.request(method, path, body, headers)
            answer = api.getresponse()
            answer.read()
            return answer.headers
        def register():
            headers = call("POST", "/2020-01-01/extension/register", {"Lambda-Extension-Name": os.path.basename(sys.argv[0])}, '{"events":["INVOKE","SHUTDOWN"]}')
            mine["Lambda-Extension-Identifier"] = headers["Lambda-Extension-Identifier"]
        def next():
            call("GET", "/2020-01-01/extension/event/next", mine)
        def wait():
            time.sleep(1000)
        {{lines}}

        """;

    private static byte[] Read(string name) => File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "EndToEnd/extensions", name));

    private static string Text(Invocation answer, string member) => answer.Json[member]?.GetValue<string>() ?? "";

    private static int Count(string text, string part) => text.Split(part).Length - 1;

    /// <summary>Of the messages of an event stream (length, length of the headers, a sum; headers; payload; a sum) the payloads, but the last one's, which says how it ended.</summary>
    private static byte[] PayloadOf(byte[] stream)
    {
        var payloads = new List<byte[]>();
        for (var at = 0; at < stream.Length;)
        {
            var length = BinaryPrimitives.ReadInt32BigEndian(stream.AsSpan(at));
            var headers = BinaryPrimitives.ReadInt32BigEndian(stream.AsSpan(at + 4));
            payloads.Add(stream[(at + 12 + headers)..(at + length - 4)]);
            at += length;
        }

        return [.. payloads[..^1].SelectMany(static payload => payload)];
    }
}
