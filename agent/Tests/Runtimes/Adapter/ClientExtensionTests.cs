using Hearth.Agent.Tests.Fakes;
using Hearth.Wire;
using Xunit;

namespace Hearth.Agent.Tests.Runtimes.Adapter;

/// <summary>Extensions beside a language's own client: registration, events, telemetry, and how such a sandbox ends.</summary>
public sealed class ClientExtensionTests
{
    private const string Echo = "def handler(event, context):\n    print('handling', event)\n    return event\n";

    /// <summary>Subscribes, and prints each event that is delivered as "got TYPE RECORD".</summary>
    private const string Telemetry = """

        import http.server, threading
        class Taker(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                for one in json.loads(self.rfile.read(int(self.headers["Content-Length"]))):
                    os.write(taken, ("got %s %s\n" % (one["type"], json.dumps(one["record"]))).encode())
                self.send_response(200)
                self.end_headers()
            def log_message(self, *_):
                pass
        server = http.server.HTTPServer(("127.0.0.1", 0), Taker)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        # Not to its own output, which would be delivered as well, for ever.
        taken = os.open("taken", os.O_CREAT | os.O_APPEND | os.O_WRONLY)
        def subscribe():
            body = {"schemaVersion": "2022-07-01", "types": ["platform", "function", "extension"], "buffering": {"timeoutMs": 25, "maxItems": 1000, "maxBytes": 262144},
                    "destination": {"protocol": "HTTP", "URI": "http://sandbox.localdomain:%d" % server.server_port}}
            print("subscribed", call("PUT", "/2022-07-01/telemetry", mine, json.dumps(body))[0], flush=True)
        """;

    public static TheoryData<string> Languages => ["python", "nodejs", "dotnet"];

    [Theory, MemberData(nameof(Languages))]
    public async Task An_extension_registers_before_the_function_is_loaded_and_gets_each_event_and_the_end(string name)
    {
        var language = RuntimeLanguage.Of(name);
        await using var sandbox = OfLanguage(
            language, name == "nodejs" ? "console.log('loaded by', process.env.AWS_LAMBDA_RUNTIME_API);\nexports.echo = async (event) => event;\n"
                : "import os\nprint('loaded by', os.environ['AWS_LAMBDA_RUNTIME_API'])\n" + Echo.Replace("handler", "echo", StringComparison.Ordinal),
            ClientSandbox.Extension(atStart: "time.sleep(0.3)\nprint('registering', flush=True)")).Ready();
        Assert.Equal((2000, 1), (sandbox.Initialized!.ShutdownMs, sandbox.Process.Hellos));
        Assert.StartsWith(name + " ", sandbox.Process.Runtime, StringComparison.Ordinal);
        for (uint i = 1; i <= 3; i++)
        {
            var answer = await sandbox.InvokeAsync($"{i}");
            Assert.Equal([(FrameKind.Response, i), (FrameKind.Done, i)], answer.Select(frame => (frame.Kind, frame.Id)));
            Assert.Equal($"{i}", answer[0].Text);
        }
        sandbox.Process.ShutDown();
        Assert.Equal(3, Count(sandbox.Output, "watcher {\"eventType\":\"INVOKE\""));
        Assert.Equal(1, Count(sandbox.Output, "watcher {\"eventType\":\"SHUTDOWN\""));
        Assert.Contains("\"shutdownReason\":\"spindown\"", sandbox.Output, StringComparison.Ordinal);
        Assert.Contains("EXTENSION\tName: watcher\tState: Ready\tEvents: [INVOKE,SHUTDOWN]\n", sandbox.Output, StringComparison.Ordinal);
        // .NET's function says nothing while it is loaded.
        if (name != "dotnet")
            Assert.InRange(sandbox.Output.IndexOf("loaded by 127.0.0.1:", StringComparison.Ordinal) - sandbox.Output.IndexOf("registering", StringComparison.Ordinal), 1, int.MaxValue);
    }

    [Fact]
    public async Task Lines_and_events_are_told_to_who_subscribed()
    {
        await using var sandbox = ClientSandbox.OfPython(
            Echo, ClientSandbox.Extension(atStart: Telemetry).Replace("while True:", "subscribe()\nwhile True:", StringComparison.Ordinal)).Ready();
        string Taken() => File.ReadAllText(Path.Combine(sandbox.Task, "taken"));
        await sandbox.PrintedAsync("subscribed 200");
        Assert.Equal("1", (await sandbox.InvokeAsync("1"))[0].Text);
        Assert.Equal("2", (await sandbox.InvokeAsync("2"))[0].Text);
        // The last that an event leads to; batches come in the order of what is in them.
        await Eventually.True(() => Count(Taken(), "got platform.report ") == 2);
        sandbox.Process.ShutDown();
        var taken = Taken();
        Assert.Contains("got platform.initStart ", taken, StringComparison.Ordinal);
        Assert.Contains("\"runtimeVersion\": \"python:3.", taken, StringComparison.Ordinal);
        foreach (var type in (string[])["platform.initRuntimeDone", "platform.initReport", "platform.telemetrySubscription", "platform.extension"])
            Assert.Equal(1, Count(taken, $"got {type} "));
        foreach (var line in (string[])["got function \"handling 1\"\n", "got function \"handling 2\"\n", "got extension \"subscribed 200\"\n"])
            Assert.Equal(1, Count(taken, line));
        Assert.Equal(2, Count(taken, "got platform.start "));
        Assert.Equal(2, Count(taken, "got platform.runtimeDone "));
        Assert.Equal(2, Count(taken, "\"producedBytes\": 1"));
    }

    [Fact]
    public async Task The_invocation_lasts_until_the_extension_is_done_and_errors_are_answers()
    {
        await using var sandbox = ClientSandbox.OfPython("def handler(event, context):\n    raise ValueError(event)\n", ClientSandbox.Extension("while not os.path.exists('go'): time.sleep(0.01)")).Ready();
        var call = sandbox.InvokeAsync("\"no\"");
        await sandbox.PrintedAsync("ValueError");
        Assert.False(call.IsCompleted);
        File.WriteAllText(Path.Combine(sandbox.Task, "go"), "");
        var answer = await call;
        Assert.Equal([FrameKind.Error, FrameKind.Done], answer.Select(static frame => frame.Kind));
        Assert.Equal(("ValueError", false, "no"), (answer[0].ErrorType, answer[0].IsFatal, answer[0].Message));
    }

    [Theory, MemberData(nameof(Languages))]
    public async Task Six_mebibytes_go_in_and_out_beside_an_extension(string name)
    {
        await using var sandbox = OfLanguage(RuntimeLanguage.Of(name), name == "nodejs" ? "exports.echo = async (event) => event;\n" : "def echo(event, context):\n    return event\n", ClientSandbox.Extension()).Ready();
        var payload = new byte[6 * 1024 * 1024];
        payload.AsSpan().Fill((byte)'a');
        payload[0] = payload[^1] = (byte)'"';
        for (var i = 0; i < 3; i++)
        {
            var answer = await sandbox.InvokeAsync(payload);
            Assert.Equal([FrameKind.Response, FrameKind.Done], answer.Select(static frame => frame.Kind));
            Assert.True(payload.AsSpan().SequenceEqual(answer[0].Payload));
            Assert.Equal("1", (await sandbox.InvokeAsync("1"))[0].Text);
        }
    }

    [Fact]
    public async Task A_streamed_answer_is_passed_on_in_its_pieces()
    {
        await using var sandbox = ClientSandbox.Of(RuntimeLanguage.NodeJs, "task/app.js", """
            exports.handler = awslambda.streamifyResponse(async (event, stream) => {
              stream.setContentType('text/plain');
              for (let i = 0; i < event; i++) stream.write(Buffer.alloc(1000000, 97 + i));
              if (event === 3) throw new Error('mid-stream');
              stream.end();
            });
            """, "app.handler", ClientSandbox.Extension()).Ready();
        var answer = await sandbox.InvokeAsync("20");
        Assert.Equal((FrameKind.ResponseStart, "text/plain"), (answer[0].Kind, answer[0].ContentType));
        Assert.Equal([FrameKind.ResponseEnd, FrameKind.Done], answer[^2..].Select(static frame => frame.Kind));
        var body = answer[1..^2].SelectMany(static frame => frame.Payload).ToArray();
        Assert.Equal(20_000_000, body.Length);
        Assert.All(Enumerable.Range(0, 20), i => Assert.Equal((97 + i, 97 + i), (body[i * 1_000_000], body[(i * 1_000_000) + 999_999])));
        Assert.Equal([FrameKind.Error, FrameKind.Done], (await sandbox.InvokeAsync("3"))[^2..].Select(static frame => frame.Kind));
        Assert.Equal(FrameKind.Done, (await sandbox.InvokeAsync("1"))[^1].Kind);
    }

    [Fact]
    public async Task The_function_gets_SIGTERM_before_the_extensions_are_told()
    {
        await using var sandbox = ClientSandbox.OfPython("import signal, sys\nsignal.signal(signal.SIGTERM, lambda *_: (print('terminated'), sys.exit(0)))\n" + Echo, ClientSandbox.Extension()).Ready();
        await sandbox.InvokeAsync("1");
        Assert.Equal(0, sandbox.Process.ShutDown());
        Assert.InRange(sandbox.Output.IndexOf("SHUTDOWN\",\"deadlineMs", StringComparison.Ordinal) - sandbox.Output.IndexOf("terminated", StringComparison.Ordinal), 1, int.MaxValue);
    }

    [Theory]
    [InlineData("python", "import os\ndef handler(event, context):\n    os._exit(7)\n", 7)]
    [InlineData("python", "import os, signal\ndef handler(event, context):\n    os.kill(os.getpid(), signal.SIGKILL)\n", 137)]
    [InlineData("nodejs", "exports.handler = async () => process.exit(7);\n", 7)]
    public async Task A_client_that_dies_is_told_to_the_extensions_and_the_adapter_ends_as_it_did(string name, string code, int exitCode)
    {
        await using var sandbox = ClientSandbox.Of(RuntimeLanguage.Of(name), name == "python" ? "task/app.py" : "task/app.js", code, "app.handler", ClientSandbox.Extension()).Ready();
        Assert.Empty(await sandbox.InvokeAsync("1"));
        Assert.Equal(exitCode, sandbox.Process.WaitForExit());
        Assert.Contains("\"shutdownReason\":\"failure\"", sandbox.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_fatal_error_reaches_the_agent_after_the_extensions_have_been_told()
    {
        await using var sandbox = ClientSandbox.Of(
            RuntimeLanguage.NodeJs, "task/app.js", "exports.handler = () => new Promise(() => setTimeout(() => { throw new TypeError('lost'); }, 1));\n", "app.handler", ClientSandbox.Extension()).Ready();
        var answer = Assert.Single(await sandbox.InvokeAsync("1"));
        Assert.Equal((FrameKind.Error, "TypeError", true, "lost"), (answer.Kind, answer.ErrorType, answer.IsFatal, answer.Message));
        sandbox.Process.WaitForExit();
        Assert.Contains("\"shutdownReason\":\"failure\"", sandbox.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_function_that_cannot_be_loaded_is_told_to_the_extensions()
    {
        await using var sandbox = ClientSandbox.OfPython("raise ValueError('at import')\n", ClientSandbox.Extension());
        Assert.Equal((FrameKind.Error, 0u, "ValueError", "at import"), (sandbox.Initialized!.Kind, sandbox.Initialized.Id, sandbox.Initialized.ErrorType, sandbox.Initialized.Message));
        sandbox.Process.WaitForExit();
        Assert.Contains("\"shutdownReason\":\"failure\"", sandbox.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sys.exit(3)", "Extension.Crash", "exit status 3")]
    [InlineData("call('POST', '/2020-01-01/extension/register', {'Lambda-Extension-Name': name}, '{}'); sys.exit(0)", "Extension.Crash", "exit code 0")]
    public async Task An_extension_that_ends_during_init_fails_it(string atStart, string type, string cause)
    {
        await using var sandbox = ClientSandbox.OfPython(Echo, ClientSandbox.Extension(atStart: atStart));
        Assert.Equal((FrameKind.Error, 0u, type, cause), (sandbox.Initialized!.Kind, sandbox.Initialized.Id, sandbox.Initialized.ErrorType, sandbox.Initialized.Cause));
        Assert.Equal(1, sandbox.Process.WaitForExit());
    }

    [Fact]
    public async Task An_extension_that_cannot_be_executed_fails_the_init()
    {
        await using var sandbox = ClientSandbox.OfPython(Echo, "no program\n");
        Assert.Equal(("Extension.LaunchError", "exec format error"), (sandbox.Initialized!.ErrorType, sandbox.Initialized.Cause!.Split(": ")[^1]));
    }

    [Theory]
    [InlineData("os._exit(4)", "Extension.Crash", "exit status 4")]
    [InlineData("os.kill(0, signal.SIGKILL)", "Extension.Crash", "signal: killed")]
    [InlineData("call('POST', '/2020-01-01/extension/exit/error', {**mine, 'Lambda-Extension-Function-Error-Type': 'Extension.Mine'}); time.sleep(60)", "Extension.ExitError", "Extension.Mine")]
    public async Task An_extension_that_fails_during_an_event_fails_it(string onEvent, string type, string cause)
    {
        await using var sandbox = ClientSandbox.OfPython("import time\ndef handler(event, context):\n    time.sleep(60)\n", ClientSandbox.Extension(onEvent)).Ready();
        var answer = Assert.Single(await sandbox.InvokeAsync("1"));
        Assert.Equal((FrameKind.Error, type, true), (answer.Kind, answer.ErrorType, answer.IsFatal));
        Assert.Equal($"RequestId: {RuntimeProcess.Header().RequestId} Error: {cause}", answer.Message);
    }

    [Fact]
    public async Task A_part_of_the_function_may_be_an_extension_of_its_own()
    {
        await using var sandbox = ClientSandbox.OfPython("""
            import http.client, os, threading
            api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
            api.request("POST", "/2020-01-01/extension/register", '{"events":["INVOKE"]}', {"Lambda-Extension-Name": "inner"})
            answer = api.getresponse()
            answer.read()
            mine = {"Lambda-Extension-Identifier": answer.headers["Lambda-Extension-Identifier"]}
            seen = []
            def listen():
                while True:
                    api.request("GET", "/2020-01-01/extension/event/next", None, mine)
                    seen.append(api.getresponse().read().decode())
            threading.Thread(target=listen, daemon=True).start()
            def handler(event, context):
                while len(seen) < event:
                    pass
                return seen
            """, extension: null).Ready();
        Assert.Equal(500, sandbox.Initialized!.ShutdownMs);
        for (var i = 1; i <= 3; i++)
        {
            var answer = await sandbox.InvokeAsync($"{i}");
            Assert.Equal([FrameKind.Response, FrameKind.Done], answer.Select(static frame => frame.Kind));
            Assert.Equal(i, answer[0].Json.GetArrayLength());
            Assert.All(answer[0].Json.EnumerateArray(), static seen => Assert.StartsWith("{\"eventType\":\"INVOKE\"", seen.GetString(), StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task Nobody_takes_a_clients_events_over_HTTP()
    {
        await using var sandbox = ClientSandbox.OfPython(Echo, ClientSandbox.Extension("print('asked', call('GET', '/2018-06-01/runtime/invocation/next', {})[0], call('GET', '/ping', {})[0], flush=True)")).Ready();
        Assert.Equal("1", (await sandbox.InvokeAsync("1"))[0].Text);
        await sandbox.PrintedAsync("asked 404 200");
    }

    private static ClientSandbox OfLanguage(RuntimeLanguage language, string code, string extension) => language.Name switch
    {
        "python" => ClientSandbox.Of(language, "task/app.py", code, "app.echo", extension),
        "nodejs" => ClientSandbox.Of(language, "task/app.js", code, "app.echo", extension),
        // This assembly.
        _ => ClientSandbox.Of(language, "task/unused", "", language.Handler("echo"), extension, ("LAMBDA_TASK_ROOT", language.TaskRoot)),
    };

    private static int Count(string text, string part) => text.Split(part).Length - 1;
}
