using System.Text.Json;
using Hearth.Agent.Tests.Fakes;
using Hearth.Wire;
using Xunit;

namespace Hearth.Agent.Tests.Runtimes.Adapter;

/// <summary>The Extensions API: registrations and their refusals, events, and how a sandbox with extensions ends.</summary>
public sealed class ExtensionsApiTests
{
    private const string Register = "/2020-01-01/extension/register", Next = "/2020-01-01/extension/event/next", Identifier = "Lambda-Extension-Identifier";
    private const string Response = "runtime/invocation/8476a536-e9f4-11e8-9739-2dfe598c3fcd/response";

    /// <summary>An extension that is a script: the protocol of AWS's sample extensions by curl. It writes what it gets into a file beside the API's address.</summary>
    private const string Sample = """
        #!/bin/sh
        api="http://$AWS_LAMBDA_RUNTIME_API/2020-01-01/extension"
        name=${0##*/}
        id=$(curl -sS -D - -o /dev/null -X POST "$api/register" -H "Lambda-Extension-Name: $name" -d '{"events":["INVOKE","SHUTDOWN"]}' | tr -d '\r' | sed -n 's/^Lambda-Extension-Identifier: //p')
        env > "$name.env"
        while event=$(curl -sS "$api/event/next" -H "Lambda-Extension-Identifier: $id"); do
          echo "$name $event"
          echo "$event" >> "$name.events"
          case $event in *SHUTDOWN*) exit 0 ;; esac
        done
        """;

    [Fact]
    public async Task An_internal_extension_registers_and_gets_events_and_the_invocation_lasts_until_it_is_done()
    {
        await using var sandbox = await AdapterSandbox.StartAsync();
        var registered = await sandbox.PostAsync(Register, """{"events":["INVOKE"]}""", ("Lambda-Extension-Name", "inner"), ("Lambda-Extension-Accept-Feature", "accountId"));
        Assert.Equal((200, """{"functionName":"cases","functionVersion":"$LATEST","handler":"app.handler","accountId":"000000000000"}"""), (registered.Status, registered.Body));
        var id = registered.Headers.GetValues(Identifier).Single();
        Assert.True(Guid.TryParse(id, out _));
        var next = sandbox.NextAsync();
        var events = EventAsync(sandbox, id);
        Assert.Equal((FrameKind.InitDone, 500), ((await sandbox.Initialized)!.Kind, (await sandbox.Initialized)!.ShutdownMs));

        var call = sandbox.InvokeAsync("{}", RuntimeProcess.Header() with { TraceId = "Root=1-2" });
        await next;
        var invoke = await events;
        Assert.True(Guid.TryParse(invoke.Headers.GetValues("Lambda-Extension-Event-Identifier").Single(), out _));
        Assert.Equal("INVOKE", invoke.Json.GetProperty("eventType").GetString());
        Assert.Equal("8476a536-e9f4-11e8-9739-2dfe598c3fcd", invoke.Json.GetProperty("requestId").GetString());
        Assert.Equal("arn:aws:lambda:us-east-1:000000000000:function:cases", invoke.Json.GetProperty("invokedFunctionArn").GetString());
        Assert.True(invoke.Json.GetProperty("deadlineMs").GetInt64() > 0);
        Assert.Equal("""{"type":"X-Amzn-Trace-Id","value":"Root=1-2"}""", invoke.Json.GetProperty("tracing").GetRawText());

        await sandbox.PostAsync(Response, "1");
        next = sandbox.NextAsync();
        // The answer is there and the extension still works.
        Assert.False(call.IsCompleted);
        events = EventAsync(sandbox, id);
        Assert.Equal([FrameKind.Response, FrameKind.Done], (await call).Select(f => f.Kind));

        // It may ask before the runtime has answered.
        call = sandbox.InvokeAsync("{}");
        await next;
        await events;
        events = EventAsync(sandbox, id);
        await sandbox.PostAsync(Response, "2");
        next = sandbox.NextAsync();
        Assert.Equal([FrameKind.Response, FrameKind.Done], (await call).Select(f => f.Kind));

        var late = await sandbox.PostAsync(Register, """{"events":[]}""", ("Lambda-Extension-Name", "late"));
        Assert.Equal((403, "Extension.RegistrationClosed", "Extension registration closed already"), (late.Status, late.ErrorType, late.ErrorMessage));
    }

    [Fact]
    public async Task What_is_wrong_with_a_call_is_said_in_AWSs_words()
    {
        await using var sandbox = await AdapterSandbox.StartAsync();
        async Task AssertAsync(string type, string message, HttpMethod method, string path, string body, params (string, string)[] headers)
        {
            var refused = await sandbox.SendAsync(method, path, method == HttpMethod.Post ? System.Text.Encoding.UTF8.GetBytes(body) : null, headers);
            Assert.Equal((403, type, message, "application/json"), (refused.Status, refused.ErrorType, refused.ErrorMessage, refused.ContentType));
        }

        var (post, get) = (HttpMethod.Post, HttpMethod.Get);
        await AssertAsync("Extension.InvalidExtensionName", "Empty extension name", post, Register, "{}");
        await AssertAsync("Extension.InvalidEventType", "NOPE: ErrorInvalidEventType", post, Register, """{"events":["NOPE"]}""", ("Lambda-Extension-Name", "a"));
        await AssertAsync("Extension.InvalidEventType", "SHUTDOWN: ShutdownEventNotSupportedForInternalExtension", post, Register, """{"events":["INVOKE","SHUTDOWN"]}""", ("Lambda-Extension-Name", "a"));
        await AssertAsync("InvalidRequestFormat", "configurationKeys are deprecated; use environment variables instead", post, Register, """{"events":[],"configurationKeys":["a"]}""", ("Lambda-Extension-Name", "a"));
        foreach (var bad in (string[])["", "x", "[]", "{\"events\":1}", "{\"events\":[1]}", "{\"events\":[" + string.Join(',', Enumerable.Repeat("\"INVOKE\"", 65)) + "]}"])
            Assert.Equal("InvalidRequestFormat", (await sandbox.PostAsync(Register, bad, ("Lambda-Extension-Name", "a"))).ErrorType);

        const string unknown = "11111111-2222-3333-4444-555555555555";
        await AssertAsync("Extension.MissingExtensionIdentifier", "Missing Lambda-Extension-Identifier header", get, Next, "");
        await AssertAsync("Extension.InvalidExtensionIdentifier", "Invalid Lambda-Extension-Identifier", get, Next, "", (Identifier, "x"));
        await AssertAsync("Extension.UnknownExtensionIdentifier", $"Unknown extension {unknown}", get, Next, "", (Identifier, unknown));

        var id = (await sandbox.PostAsync(Register, "{}", ("Lambda-Extension-Name", "a"))).Headers.GetValues(Identifier).Single();
        await AssertAsync("Extension.InvalidExtensionState", "Extension with this name already registered", post, Register, "{}", ("Lambda-Extension-Name", "a"));
        await AssertAsync("Extension.MissingHeader", "Lambda-Extension-Function-Error-Type not found", post, "/2020-01-01/extension/init/error", "{}", (Identifier, id));
        await AssertAsync("Extension.UnknownExtensionIdentifier", "Unknown Lambda-Extension-Identifier", post, "/2020-01-01/extension/exit/error", "{}", (Identifier, unknown), ("Lambda-Extension-Function-Error-Type", "E"));
        for (var i = 1; i < 10; i++)
            Assert.Equal(200, (await sandbox.PostAsync(Register, "{}", ("Lambda-Extension-Name", $"a{i}"))).Status);
        await AssertAsync("Extension.TooManyExtensions", "Extension limit (10) reached", post, Register, "{}", ("Lambda-Extension-Name", "a11"));

        using var waiting = new HttpRequestMessage(get, Next) { Headers = { { Identifier, id } } };
        var first = sandbox.Http.SendAsync(waiting, TestContext.Current.CancellationToken);
        await Eventually.True(() => sandbox.SendAsync(get, Next, null, (Identifier, id)) is var second && second.Wait(1000, TestContext.Current.CancellationToken) && second.Result.Status == 403);
        await AssertAsync("Extension.InvalidExtensionState", $"State transition from Ready to Ready failed for extension {id}. Error: State transition is not allowed", get, Next, "", (Identifier, id));
        await AssertAsync("Extension.InvalidExtensionState", $"State transition from Ready to InitError failed for extension {id}. Error: State transition is not allowed", post, "/2020-01-01/extension/init/error", "{}", (Identifier, id), ("Lambda-Extension-Function-Error-Type", "E"));
        Assert.False(first.IsCompleted);
    }

    [Fact]
    public async Task External_extensions_start_first_and_get_every_event_to_the_end()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/curl"), "needs /usr/bin/curl (Debian: apt install curl)");
        var (sandbox, next) = await AdapterSandbox.ReadyAsync(("opt/extensions/one", Sample), ("opt/extensions/two", Sample));
        await using var _ = sandbox;
        Assert.Equal(2000, (await sandbox.Initialized)!.ShutdownMs);
        var call = sandbox.InvokeAsync("{}");
        await next;
        await sandbox.PostAsync(Response, "1");
        next = sandbox.NextAsync();
        Assert.Equal([FrameKind.Response, FrameKind.Done], (await call).Select(f => f.Kind));
        Assert.Equal(0, sandbox.Process.ShutDown());

        foreach (var name in (string[])["one", "two"])
        {
            var events = File.ReadAllLines(Path.Combine(sandbox.Task, name + ".events")).Select(static l => JsonSerializer.Deserialize<JsonElement>(l)).ToList();
            Assert.Equal(["INVOKE", "SHUTDOWN"], events.Select(e => e.GetProperty("eventType").GetString()));
            Assert.Equal("spindown", events[1].GetProperty("shutdownReason").GetString());
            Assert.Equal(["deadlineMs", "eventType", "shutdownReason"], events[1].EnumerateObject().Select(p => p.Name).Order());
            Assert.Contains($"{name} {{\"eventType\":\"SHUTDOWN\"", sandbox.Process.Output, StringComparison.Ordinal);
            Assert.Contains($"EXTENSION\tName: {name}\tState: Ready\tEvents: [INVOKE,SHUTDOWN]\n", sandbox.Process.Output, StringComparison.Ordinal);
            var environment = File.ReadAllLines(Path.Combine(sandbox.Task, name + ".env"));
            Assert.Contains("AWS_LAMBDA_FUNCTION_NAME=cases", environment);
            foreach (var kept in (string[])["_HANDLER", "_HEARTH", "LAMBDA_TASK_ROOT", "AWS_LAMBDA_LOG_", "AWS_XRAY_"])
                Assert.DoesNotContain(environment, l => l.StartsWith(kept, StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task A_crash_of_the_runtime_is_told_to_the_extensions_and_the_adapter_ends_as_it_did()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/curl"), "needs /usr/bin/curl (Debian: apt install curl)");
        var (sandbox, next) = await AdapterSandbox.ReadyAsync(("opt/extensions/one", Sample));
        await using var _ = sandbox;
        var call = sandbox.InvokeAsync("{}");
        await next;
        sandbox.Order("exit 9");
        Assert.Empty(await call);
        Assert.Equal(9, sandbox.Process.WaitForExit());
        Assert.Contains("\"shutdownReason\":\"failure\"", sandbox.Process.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("exit 3", "Extension.Crash", "exit status 3")]
    [InlineData("exit 0", "Extension.Crash", "exit code 0")]
    [InlineData("kill -KILL $$", "Extension.Crash", "signal: killed")]
    public async Task An_extension_that_ends_before_it_registers_fails_the_start(string what, string type, string cause)
    {
        await using var sandbox = new AdapterSandbox();
        sandbox.Write("task/bootstrap", AdapterSandbox.Puppet);
        sandbox.Write("opt/extensions/bad", "#!/bin/sh\n" + what + "\n");
        sandbox.Start();
        var failed = (await sandbox.Initialized)!;
        Assert.Equal((FrameKind.Error, 0u, type, cause), (failed.Kind, failed.Id, failed.ErrorType, failed.Cause));
        Assert.Equal(1, sandbox.Process.WaitForExit());
        Assert.False(File.Exists(Path.Combine(sandbox.Task, "api")), "the runtime must not start before every extension has registered");
    }

    [Fact]
    public async Task An_extension_that_cannot_be_executed_fails_the_start()
    {
        await using var sandbox = new AdapterSandbox();
        sandbox.Write("task/bootstrap", AdapterSandbox.Puppet);
        sandbox.Write("opt/extensions/bad", "#!/bin/sh\n", executable: false);
        sandbox.Start();
        var failed = (await sandbox.Initialized)!;
        Assert.Equal(("Extension.LaunchError", $"fork/exec {sandbox.Opt}/extensions/bad: permission denied"), (failed.ErrorType, failed.Cause));
    }

    [Fact]
    public async Task An_init_error_of_an_extension_fails_the_start_and_an_exit_error_the_invocation()
    {
        await using var sandbox = await AdapterSandbox.StartAsync();
        var id = (await sandbox.PostAsync(Register, """{"events":["INVOKE"]}""", ("Lambda-Extension-Name", "a"))).Headers.GetValues(Identifier).Single();
        Assert.Equal(202, (await sandbox.PostAsync("/2020-01-01/extension/init/error", "{}", (Identifier, id), ("Lambda-Extension-Function-Error-Type", "Extension.NoConfig"))).Status);
        var failed = (await sandbox.Initialized)!;
        Assert.Equal((FrameKind.Error, 0u, "Extension.InitError", "Extension.NoConfig"), (failed.Kind, failed.Id, failed.ErrorType, failed.Cause));

        await using var other = await AdapterSandbox.StartAsync();
        id = (await other.PostAsync(Register, """{"events":["INVOKE"]}""", ("Lambda-Extension-Name", "a"))).Headers.GetValues(Identifier).Single();
        var next = other.NextAsync();
        var events = EventAsync(other, id);
        await other.Initialized;
        var call = other.InvokeAsync("{}");
        await next;
        await events;
        Assert.Equal(202, (await other.PostAsync("/2020-01-01/extension/exit/error", "{}", (Identifier, id), ("Lambda-Extension-Function-Error-Type", "Extension.Broken"))).Status);
        var told = Assert.Single(await call);
        Assert.Equal(("Extension.ExitError", true), (told.ErrorType, told.IsFatal));
        Assert.Equal("""{"errorType":"Extension.ExitError","errorMessage":"RequestId: 8476a536-e9f4-11e8-9739-2dfe598c3fcd Error: Extension.Broken"}""", told.Text);
    }

    [Fact]
    public async Task Whoever_does_not_end_by_the_deadline_is_killed()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/curl"), "needs /usr/bin/curl (Debian: apt install curl)");
        var stubborn = Sample.Replace("exit 0", "trap '' TERM; while :; do sleep 0.1; done", StringComparison.Ordinal);
        var (sandbox, _) = await AdapterSandbox.ReadyAsync(("opt/extensions/one", stubborn));
        await using var _1 = sandbox;
        Assert.Equal(0, sandbox.Process.ShutDown());
        Assert.Contains("SHUTDOWN", sandbox.Process.Output, StringComparison.Ordinal);
    }

    private static async Task<Refused> EventAsync(AdapterSandbox sandbox, string id) => await sandbox.SendAsync(HttpMethod.Get, Next, null, (Identifier, id));
}
