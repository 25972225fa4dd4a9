using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Hearth.Agent.Tests.Fakes;
using Hearth.Wire;
using Xunit;

namespace Hearth.Agent.Tests.Runtimes.Adapter;

/// <summary>The Telemetry and Logs APIs, with the test as an internal extension and as the listener that the events are sent to.</summary>
public sealed class TelemetryApiTests
{
    private const string Telemetry = "/2022-07-01/telemetry", Logs = "/2020-08-15/logs", Identifier = "Lambda-Extension-Identifier", Request = "8476a536-e9f4-11e8-9739-2dfe598c3fcd";

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Everything_that_happens_is_told_to_who_subscribed(bool http)
    {
        await using var sandbox = await AdapterSandbox.StartAsync(("task/bootstrap", "#!/bin/sh\necho starting\n" + AdapterSandbox.Puppet[AdapterSandbox.Puppet.IndexOf('\n', StringComparison.Ordinal)..]));
        using var listener = new Listener(http);
        var id = await RegisterAsync(sandbox);
        var subscribed = await PutAsync(sandbox, Telemetry, id, Body(listener));
        Assert.Equal((200, "\"OK\""), (subscribed.Status, subscribed.Body));

        var next = sandbox.NextAsync();
        var events = NextEventAsync(sandbox, id);
        await sandbox.Initialized;
        var call = sandbox.InvokeAsync("{}", RuntimeProcess.Header() with { TraceId = "Root=1-2" });
        await next;
        await events;
        sandbox.Order("echo working; exec sleep 60");
        await listener.UntilAsync(e => Type(e) == "function" && e.GetProperty("record").GetString() == "working");
        await sandbox.PostAsync($"runtime/invocation/{Request}/response", "12345");
        next = sandbox.NextAsync();
        await listener.UntilAsync(static e => Type(e) == "platform.runtimeDone");
        events = NextEventAsync(sandbox, id);
        await call;
        await listener.UntilAsync(static e => Type(e) == "platform.report");

        var all = listener.Events;
        Assert.Contains("starting", all.Where(static e => Type(e) == "function").Select(static e => e.GetProperty("record").GetString()));
        Assert.All(all, static e => Assert.True(DateTimeOffset.TryParseExact(e.GetProperty("time").GetString(), "yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out _)));
        Assert.Equal(
            ["platform.initStart", "platform.telemetrySubscription", "platform.initRuntimeDone", "platform.extension", "platform.initReport", "platform.start", "platform.runtimeDone", "platform.report"],
            all.Select(Type).Where(static t => t!.StartsWith("platform.", StringComparison.Ordinal)));
        Assert.Equal("""{"name":"inner","state":"Subscribed","types":["platform","function","extension"]}""", Record(all, "platform.telemetrySubscription").GetRawText());
        Assert.Equal("""{"name":"inner","state":"Ready","events":["INVOKE"]}""", Record(all, "platform.extension").GetRawText());
        var start = Record(all, "platform.initStart");
        Assert.Equal(("on-demand", "init", "cases", "$LATEST", 256L * 1024 * 1024), (
            start.GetProperty("initializationType").GetString(), start.GetProperty("phase").GetString(), start.GetProperty("functionName").GetString(),
            start.GetProperty("functionVersion").GetString(), start.GetProperty("instanceMaxMemory").GetInt64()));
        Assert.Equal("""{"requestId":"8476a536-e9f4-11e8-9739-2dfe598c3fcd","version":"$LATEST","tracing":{"type":"X-Amzn-Trace-Id","value":"Root=1-2"}}""", Record(all, "platform.start").GetRawText());
        var done = Record(all, "platform.runtimeDone");
        Assert.Equal(("success", 5), (done.GetProperty("status").GetString(), done.GetProperty("metrics").GetProperty("producedBytes").GetInt32()));
        Assert.Equal(["responseLatency", "responseDuration"], done.GetProperty("spans").EnumerateArray().Select(static s => s.GetProperty("name").GetString()));
        var metrics = Record(all, "platform.report").GetProperty("metrics");
        Assert.Equal(256, metrics.GetProperty("memorySizeMB").GetInt32());
        Assert.InRange(metrics.GetProperty("maxMemoryUsedMB").GetInt32(), 1, 256);
        Assert.True(metrics.GetProperty("initDurationMs").GetDouble() > 0);
        Assert.Equal(Math.Ceiling(metrics.GetProperty("durationMs").GetDecimal() + metrics.GetProperty("initDurationMs").GetDecimal()), metrics.GetProperty("billedDurationMs").GetDecimal());

        var closed = await PutAsync(sandbox, Telemetry, id, Body(listener));
        Assert.Equal((403, "Telemetry.SubscriptionClosed", "Telemetry API subscription is closed"), (closed.Status, closed.ErrorType, closed.ErrorMessage));
        Assert.Equal("Logs.SubscriptionClosed", (await PutAsync(sandbox, Logs, id, Body(listener))).ErrorType);
    }

    [Fact]
    public async Task What_ended_the_runtime_is_told_before_the_extensions_end()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/curl"), "needs /usr/bin/curl (Debian: apt install curl)");
        // The listener is the test: it lives on.
        await using var sandbox = await AdapterSandbox.StartAsync(("opt/extensions/outer", """
            #!/bin/sh
            api="http://$AWS_LAMBDA_RUNTIME_API/2020-01-01/extension"
            id=$(curl -sS -D - -o /dev/null -X POST "$api/register" -H "Lambda-Extension-Name: outer" -d '{"events":["SHUTDOWN"]}' | tr -d '\r' | sed -n 's/^Lambda-Extension-Identifier: //p')
            echo "$id" > id.new && mv id.new id
            while [ ! -e go ]; do sleep 0.02; done
            echo outer says hello
            curl -sS "$api/event/next" -H "Lambda-Extension-Identifier: $id"
            sleep 1
            """));
        await Eventually.True(() => File.Exists(Path.Combine(sandbox.Task, "id")));
        using var listener = new Listener(http: true);
        var id = File.ReadAllText(Path.Combine(sandbox.Task, "id")).Trim();
        Assert.Equal(200, (await PutAsync(sandbox, Telemetry, id, Body(listener))).Status);
        var next = sandbox.NextAsync();
        File.WriteAllText(Path.Combine(sandbox.Task, "go"), "");
        await sandbox.Initialized;
        var call = sandbox.InvokeAsync("{}");
        await next;
        sandbox.Order("echo dying; exit 5");
        await listener.UntilAsync(static e => Type(e) == "platform.runtimeDone");
        Assert.Empty(await call);
        Assert.Equal(5, sandbox.Process.WaitForExit());
        var done = Record(listener.Events, "platform.runtimeDone");
        Assert.Equal(("failure", "Runtime.ExitError"), (done.GetProperty("status").GetString(), done.GetProperty("errorType").GetString()));
        Assert.Contains("dying", listener.Events.Where(static e => Type(e) == "function").Select(static e => e.GetProperty("record").GetString()));
        Assert.Contains("outer says hello", listener.Events.Where(static e => Type(e) == "extension").Select(static e => e.GetProperty("record").GetString()));
    }

    [Fact]
    public async Task The_Logs_API_calls_things_by_its_own_names()
    {
        await using var sandbox = await AdapterSandbox.StartAsync();
        using var listener = new Listener(http: true);
        var id = await RegisterAsync(sandbox);
        Assert.Equal(200, (await PutAsync(sandbox, Logs, id, Body(listener).Replace("2022-07-01", "2021-03-18", StringComparison.Ordinal))).Status);
        var next = sandbox.NextAsync();
        var events = NextEventAsync(sandbox, id);
        await sandbox.Initialized;
        var call = sandbox.InvokeAsync("{}");
        await next;
        await events;
        await sandbox.PostAsync($"runtime/invocation/{Request}/error", "{}", ("Lambda-Runtime-Function-Error-Type", "Function.Mine"));
        next = sandbox.NextAsync();
        events = NextEventAsync(sandbox, id);
        await call;
        await listener.UntilAsync(static e => Type(e) == "platform.report");
        Assert.Equal(
            ["platform.logsSubscription", "platform.extension", "platform.start", "platform.runtimeDone", "platform.end", "platform.report"], listener.Events.Select(Type));
        var done = Record(listener.Events, "platform.runtimeDone");
        Assert.Equal(("error", "Function.Mine"), (done.GetProperty("status").GetString(), done.GetProperty("errorType").GetString()));
    }

    [Fact]
    public async Task A_listener_that_comes_late_or_fails_gets_its_events_again()
    {
        await using var sandbox = await AdapterSandbox.StartAsync();
        using var listener = new Listener(http: true) { RefuseFirst = 2 };
        var id = await RegisterAsync(sandbox);
        Assert.Equal(200, (await PutAsync(sandbox, Telemetry, id, Body(listener))).Status);
        await listener.UntilAsync(static e => Type(e) == "platform.telemetrySubscription");
        Assert.Equal(0, listener.RefuseFirst);
    }

    [Fact]
    public async Task What_a_listener_does_not_take_is_dropped_and_counted()
    {
        await using var sandbox = await AdapterSandbox.StartAsync();
        using var listener = new Listener(http: true, isLate: true);
        Assert.Equal(200, (await PutAsync(sandbox, Telemetry, await RegisterAsync(sandbox), Body(listener))).Status);
        sandbox.Order("head -c 4000000 /dev/zero | tr '\\0' x | fold -w 1000; touch printed; sleep 60");
        await Eventually.True(() => File.Exists(Path.Combine(sandbox.Task, "printed")));
        listener.Listen();
        await listener.UntilAsync(static e => Type(e) == "platform.logsDropped");
        var dropped = Record(listener.Events, "platform.logsDropped");
        Assert.True(dropped.GetProperty("droppedRecords").GetInt32() > 100);
        Assert.True(dropped.GetProperty("droppedBytes").GetInt64() > 100_000);
        Assert.NotEmpty(dropped.GetProperty("reason").GetString()!);
    }

    [Theory]
    [InlineData("""{""", "")]
    [InlineData("""[]""", "the body must be an object")]
    [InlineData("""{"types":["platform"]}""", "schemaVersion is missing")]
    [InlineData("""{"schemaVersion":"2001-01-01"}""", "schemaVersion must be one of 2022-07-01, 2022-12-13, 2025-01-29")]
    [InlineData("""{"schemaVersion":"2022-07-01","types":["platform"]}""", "destination is missing")]
    [InlineData("""{"schemaVersion":"2022-07-01","types":["nope"],"destination":{"protocol":"TCP","port":1}}""", "types may hold platform, function and extension")]
    [InlineData("""{"schemaVersion":"2022-07-01","types":[],"destination":{"protocol":"TCP","port":1}}""", "types must be a list of one to three of platform, function, extension")]
    [InlineData("""{"schemaVersion":"2022-07-01","types":["platform"],"destination":{"protocol":"UDP"}}""", "destination.protocol must be HTTP or TCP")]
    [InlineData("""{"schemaVersion":"2022-07-01","types":["platform"],"destination":{"protocol":"TCP","port":65536}}""", "port must be a number from 1 to 65535")]
    [InlineData("""{"schemaVersion":"2022-07-01","types":["platform"],"destination":{"protocol":"TCP","port":9001}}""", "port 9001 is reserved")]
    [InlineData("""{"schemaVersion":"2022-07-01","types":["platform"],"destination":{"protocol":"HTTP","URI":"http://example.com:80"}}""", "destination.URI must be http://sandbox.localdomain:PORT/PATH")]
    [InlineData("""{"schemaVersion":"2022-07-01","types":["platform"],"destination":{"protocol":"TCP","port":1},"buffering":{"maxItems":999}}""", "maxItems must be a number from 1000 to 10000")]
    [InlineData("""{"schemaVersion":"2022-07-01","types":["platform"],"destination":{"protocol":"TCP","port":1},"buffering":{"maxBytes":262143}}""", "maxBytes must be a number from 262144 to 1048576")]
    [InlineData("""{"schemaVersion":"2022-07-01","types":["platform"],"destination":{"protocol":"TCP","port":1},"buffering":{"timeoutMs":24}}""", "timeoutMs must be a number from 25 to 30000")]
    public async Task A_subscription_that_cannot_be_is_refused_with_the_reason(string body, string message)
    {
        await using var sandbox = await AdapterSandbox.StartAsync();
        var unknown = await PutAsync(sandbox, Telemetry, "11111111-2222-3333-4444-555555555555", body);
        Assert.Equal((403, "Extension.UnknownExtensionIdentifier"), (unknown.Status, unknown.ErrorType));
        var refused = await PutAsync(sandbox, Telemetry, await RegisterAsync(sandbox), body);
        Assert.Equal((400, "ValidationError"), (refused.Status, refused.ErrorType));
        Assert.StartsWith(message, refused.ErrorMessage, StringComparison.Ordinal);
    }

    private static string? Type(JsonElement e) => e.GetProperty("type").GetString();

    private static JsonElement Record(IEnumerable<JsonElement> events, string type) => events.Single(e => Type(e) == type).GetProperty("record");

    private static string Body(Listener listener) =>
        $$"""{"schemaVersion":"2022-07-01","types":["platform","function","extension"],"buffering":{"timeoutMs":25,"maxItems":1000,"maxBytes":262144},"destination":{{listener.Destination}}}""";

    private static async Task<string> RegisterAsync(AdapterSandbox sandbox) =>
        (await sandbox.PostAsync("/2020-01-01/extension/register", """{"events":["INVOKE"]}""", ("Lambda-Extension-Name", "inner"))).Headers.GetValues(Identifier).Single();

    private static Task<Refused> PutAsync(AdapterSandbox sandbox, string path, string id, string body) => sandbox.SendAsync(HttpMethod.Put, path, Encoding.UTF8.GetBytes(body), (Identifier, id));

    private static Task<Refused> NextEventAsync(AdapterSandbox sandbox, string id) => sandbox.SendAsync(HttpMethod.Get, "/2020-01-01/extension/event/next", null, (Identifier, id));

    /// <summary>Takes batches by HTTP, or lines by TCP.</summary>
    private sealed class Listener : IDisposable
    {
        private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        private readonly List<JsonElement> _events = [];
        private readonly bool _http;
        private Task _serving = Task.CompletedTask;

        /// <param name="isLate">It has its port, and whoever dials is refused until <see cref="Listen"/>.</param>
        public Listener(bool http, bool isLate = false)
        {
            _http = http;
            _socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            if (!isLate)
                Listen();
        }

        /// <summary>Batches that are answered 500.</summary>
        public int RefuseFirst { get; set; }

        public int Port => ((IPEndPoint)_socket.LocalEndPoint!).Port;

        public string Destination => _http
            ? $$"""{"protocol":"HTTP","URI":"http://sandbox.localdomain:{{Port}}/a?b"}"""
            : $$"""{"protocol":"TCP","port":{{Port}}}""";

        public List<JsonElement> Events
        {
            get
            {
                lock (_events)
                    return [.. _events];
            }
        }

        public void Listen()
        {
            _socket.Listen();
            _serving = ServeAsync();
        }

        public Task UntilAsync(Func<JsonElement, bool> wanted) => Eventually.True(() => Events.Exists(e => wanted(e)));

        public void Dispose()
        {
            _socket.Dispose();
            _serving.ContinueWith(static _ => { }, TaskScheduler.Default).Wait();
        }

        private async Task ServeAsync()
        {
            while (true)
            {
                using var client = await _socket.AcceptAsync();
                await using var stream = new NetworkStream(client);
                using var reader = new StreamReader(stream, Encoding.UTF8);
                if (!_http)
                {
                    Add(from line in (await reader.ReadToEndAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries) select JsonSerializer.Deserialize<JsonElement>(line));
                    continue;
                }
                Assert.Equal("POST /a?b HTTP/1.1", await reader.ReadLineAsync());
                var length = 0;
                while (await reader.ReadLineAsync() is { Length: > 0 } header)
                {
                    if (header.StartsWith("Content-Length: ", StringComparison.Ordinal))
                        length = int.Parse(header.AsSpan("Content-Length: ".Length), CultureInfo.InvariantCulture);
                }
                var body = new char[length];
                await reader.ReadBlockAsync(body);
                var refused = RefuseFirst > 0;
                if (refused)
                    RefuseFirst--;
                else
                    Add(JsonSerializer.Deserialize<JsonElement>(new string(body)).EnumerateArray());
                await client.SendAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 {(refused ? "500 no" : "200 OK")}\r\nContent-Length: 0\r\n\r\n"));
            }
        }

        private void Add(IEnumerable<JsonElement> events)
        {
            lock (_events)
                _events.AddRange(events);
        }
    }
}
