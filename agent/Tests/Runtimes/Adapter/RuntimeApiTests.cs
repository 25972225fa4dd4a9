using System.Net;
using System.Text;
using Hearth.Wire;
using Xunit;

namespace Hearth.Agent.Tests.Runtimes.Adapter;

/// <summary>The Runtime API as AWS serves it: headers, states, refusals, limits.</summary>
public sealed class RuntimeApiTests
{
    private const string Id = "8476a536-e9f4-11e8-9739-2dfe598c3fcd", Response = $"runtime/invocation/{Id}/response", Error = $"runtime/invocation/{Id}/error";

    [Fact]
    public async Task An_event_goes_to_the_runtime_and_its_answer_back()
    {
        var (sandbox, next) = await AdapterSandbox.ReadyAsync();
        await using var _ = sandbox;
        for (var i = 0; i < 50; i++)
        {
            var call = sandbox.InvokeAsync($$"""{"n":{{i}}}""");
            using var given = await next;
            Assert.Equal($$"""{"n":{{i}}}""", await given.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
            Assert.Equal("application/json", given.Content.Headers.ContentType!.ToString());
            var accepted = await sandbox.PostAsync(Response, $"answer {i}", ("Content-Type", "text/x-mine"));
            Assert.Equal((202, "{\"status\":\"OK\"}\n", "application/json"), (accepted.Status, accepted.Body, accepted.ContentType));
            next = sandbox.NextAsync();
            var answer = Assert.Single(await call);
            Assert.Equal((FrameKind.Response, (uint)i + 1, $"answer {i}", "text/x-mine"), (answer.Kind, answer.Id, answer.Text, answer.ContentType));
        }
    }

    [Fact]
    public async Task Every_header_of_an_event_is_there_and_absent_ones_are_not()
    {
        var (sandbox, next) = await AdapterSandbox.ReadyAsync();
        await using var _ = sandbox;
        var all = new InvokeHeader(Id, 1_800_000_000_123, "arn:aws:lambda:us-east-1:000000000000:function:cases:$LATEST", "Root=1-2;Sampled=0", "{\"a\":\r\n1}", "{\"cognitoIdentityId\":\"x\"}", "tenant é", "text/plain; charset=utf-8");
        var call = sandbox.InvokeAsync("x", all);
        using (var given = await next)
        {
            Assert.Equal("text/plain; charset=utf-8", given.Content.Headers.ContentType!.ToString());
            Assert.Equal(Id, One(given, "Lambda-Runtime-Aws-Request-Id"));
            Assert.Equal("1800000000123", One(given, "Lambda-Runtime-Deadline-Ms"));
            Assert.Equal(all.InvokedFunctionArn, One(given, "Lambda-Runtime-Invoked-Function-Arn"));
            Assert.Equal("Root=1-2;Sampled=0", One(given, "Lambda-Runtime-Trace-Id"));
            Assert.Equal("{\"a\":  1}", One(given, "Lambda-Runtime-Client-Context"));
            Assert.Equal("{\"cognitoIdentityId\":\"x\"}", One(given, "Lambda-Runtime-Cognito-Identity"));
            Assert.NotNull(One(given, "Lambda-Runtime-Aws-Tenant-Id"));
        }
        await sandbox.PostAsync(Response, "");
        Assert.Empty(Assert.Single(await call).Payload);

        call = sandbox.InvokeAsync("{}");
        using (var given = await sandbox.NextAsync())
        {
            foreach (var absent in (string[])["Lambda-Runtime-Trace-Id", "Lambda-Runtime-Client-Context", "Lambda-Runtime-Cognito-Identity", "Lambda-Runtime-Aws-Tenant-Id"])
                Assert.Null(One(given, absent));
        }
        await sandbox.PostAsync(Response, "");
        await call;
    }

    [Fact]
    public async Task Calls_in_a_wrong_state_are_refused_in_AWSs_words()
    {
        await using var sandbox = await AdapterSandbox.StartAsync();
        var none = await sandbox.PostAsync(Response, "{}");
        Assert.Equal((400, "InvalidRequestID", "Invalid request ID", "application/json"), (none.Status, none.ErrorType, none.ErrorMessage, none.ContentType));

        var next = sandbox.NextAsync();
        await sandbox.Initialized;
        var late = await sandbox.PostAsync("runtime/init/error", "{}");
        Assert.Equal(
            (403, "InvalidStateTransition", "State transition from Ready to InitError failed for runtime. Error: State transition is not allowed"),
            (late.Status, late.ErrorType, late.ErrorMessage));

        var call = sandbox.InvokeAsync("{}");
        await next;
        var other = await sandbox.PostAsync("runtime/invocation/00000000-0000-0000-0000-000000000000/response", "{}");
        Assert.Equal((400, "InvalidRequestID"), (other.Status, other.ErrorType));
        // Whoever asks again gets the same event again.
        using (var again = await sandbox.NextAsync())
            Assert.Equal("{}", await again.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal(202, (await sandbox.PostAsync(Response, "1")).Status);
        var twice = await sandbox.PostAsync(Response, "2");
        Assert.Equal(
            (403, "State transition from RuntimeResponseSentState to InvocationResponse failed for runtime. Error: State transition is not allowed"),
            (twice.Status, twice.ErrorMessage));
        var error = await sandbox.PostAsync(Error, "2");
        Assert.Equal("State transition from RuntimeResponseSentState to InvocationErrorResponse failed for runtime. Error: State transition is not allowed", error.ErrorMessage);
        Assert.Equal("1", Assert.Single(await call).Text);
    }

    [Theory]
    [InlineData("Runtime.Mine", "Runtime.Mine")]
    [InlineData("Function.lower", "Function.Unknown")]
    [InlineData("ValueError", "Runtime.Unknown")]
    [InlineData(null, "Runtime.Unknown")]
    public async Task An_error_is_passed_on_as_posted_and_its_type_is_checked(string? type, string told)
    {
        var (sandbox, next) = await AdapterSandbox.ReadyAsync();
        await using var _ = sandbox;
        var call = sandbox.InvokeAsync("{}");
        await next;
        const string body = """{"errorMessage":"no","errorType":"ValueError","stackTrace":["a"]}""";
        (string, string)[] headers = type is null ? [] : [("Lambda-Runtime-Function-Error-Type", type)];
        Assert.Equal(202, (await sandbox.PostAsync(Error, body, headers)).Status);
        var answer = Assert.Single(await call);
        Assert.Equal((FrameKind.Error, told, false, body), (answer.Kind, answer.ErrorType, answer.IsFatal, answer.Text));
    }

    [Theory]
    [InlineData("""{"errorMessage":"no","errorType":"E","stackTrace":[],"errorCause":{"x":1}}""", """{"errorMessage":"no","errorType":"E","stackTrace":[]}""")]
    [InlineData("nonsense", "\"Invalid error body\"")]
    public async Task A_cause_in_the_body_is_taken_off(string posted, string told)
    {
        var (sandbox, next) = await AdapterSandbox.ReadyAsync();
        await using var _ = sandbox;
        var call = sandbox.InvokeAsync("{}");
        await next;
        await sandbox.PostAsync(Error, posted, ("Content-Type", "application/vnd.aws.lambda.error.cause+json"));
        Assert.Equal(told, Assert.Single(await call).Text);
    }

    [Fact]
    public async Task The_largest_answer_passes_and_one_byte_more_is_413()
    {
        var (sandbox, next) = await AdapterSandbox.ReadyAsync();
        await using var _ = sandbox;
        var call = sandbox.InvokeAsync("{}");
        await next;
        Assert.Equal(202, (await sandbox.PostAsync(Response, new byte[FrameLimits.MaxPayloadLength])).Status);
        Assert.Equal(FrameLimits.MaxPayloadLength, Assert.Single(await call).Payload.Length);

        next = sandbox.NextAsync();
        call = sandbox.InvokeAsync("{}");
        await next;
        var refused = await sandbox.PostAsync(Response, new byte[FrameLimits.MaxPayloadLength + 1]);
        Assert.Equal((413, "RequestEntityTooLarge", "Exceeded maximum allowed payload size (6291556 bytes)."), (refused.Status, refused.ErrorType, refused.ErrorMessage));
        var told = Assert.Single(await call);
        Assert.Equal((FrameKind.Error, "Function.ResponseSizeTooLarge", "Response payload size exceeded maximum allowed payload size (6291556 bytes)."), (told.Kind, told.ErrorType, told.Message));
    }

    [Fact]
    public async Task Six_mebibytes_come_in()
    {
        var (sandbox, next) = await AdapterSandbox.ReadyAsync();
        await using var _ = sandbox;
        var payload = new byte[6 * 1024 * 1024];
        new Random(1).NextBytes(payload);
        var call = sandbox.InvokeAsync(payload);
        using (var given = await next)
            Assert.Equal(payload, await given.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        Assert.Equal(202, (await sandbox.PostAsync(Response, payload)).Status);
        Assert.Equal(payload, Assert.Single(await call).Payload);
    }

    [Fact]
    public async Task A_stream_is_passed_on_in_pieces()
    {
        var (sandbox, next) = await AdapterSandbox.ReadyAsync();
        await using var _ = sandbox;
        var call = sandbox.InvokeAsync("{}");
        await next;
        var answer = await sandbox.RawAsync(Streamed("5\r\nhello\r\n6;x=1\r\n world\r\n0\r\n\r\n"));
        Assert.StartsWith("HTTP/1.1 202 Accepted\r\n", answer, StringComparison.Ordinal);
        var frames = await call;
        Assert.Equal((FrameKind.ResponseStart, "text/event-stream"), (frames[0].Kind, frames[0].ContentType));
        Assert.Equal("hello world", string.Concat(frames.Where(f => f.Kind == FrameKind.Chunk).Select(f => f.Text)));
        Assert.Equal(FrameKind.ResponseEnd, frames[^1].Kind);
    }

    [Fact]
    public async Task A_stream_that_fails_says_so_in_its_trailers()
    {
        var (sandbox, next) = await AdapterSandbox.ReadyAsync();
        await using var _ = sandbox;
        var call = sandbox.InvokeAsync("{}");
        await next;
        var body = """{"errorType":"Mine","errorMessage":"half way"}""";
        await sandbox.RawAsync(Streamed($"5\r\nhello\r\n0\r\nLambda-Runtime-Function-Error-Type: Mine\r\nLambda-Runtime-Function-Error-Body: {Convert.ToBase64String(Encoding.UTF8.GetBytes(body))}\r\n\r\n"));
        var last = (await call)[^1];
        Assert.Equal((FrameKind.Error, "Mine", body), (last.Kind, last.ErrorType, last.Text));
    }

    [Theory]
    [InlineData("POST /2018-06-01/{0} HTTP/1.1\r\nContent-Length: 10\r\n\r\nshort")]
    [InlineData("POST /2018-06-01/{0} HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel")]
    [InlineData("POST /2018-06-01/{0} HTTP/1.1\r\nTransfer-Encoding: chunked\r\nLambda-Runtime-Function-Response-Mode: streaming\r\n\r\n5\r\nhello\r\n")]
    public async Task A_truncated_upload_fails_the_invocation_and_who_still_listens_is_told(string request)
    {
        var (sandbox, next) = await AdapterSandbox.ReadyAsync();
        await using var _ = sandbox;
        var call = sandbox.InvokeAsync("{}");
        await next;
        var answer = await sandbox.RawAsync(string.Format(null, request, Response));
        Assert.StartsWith("HTTP/1.1 400 Bad Request\r\n", answer, StringComparison.Ordinal);
        Assert.Contains("""{"errorMessage":"HTTP request detected as truncated","errorType":"TruncatedHTTPRequest"}""", answer, StringComparison.Ordinal);
        var last = (await call)[^1];
        Assert.Equal((FrameKind.Error, "Runtime.TruncatedResponse"), (last.Kind, last.ErrorType));
        // It goes on.
        next = sandbox.NextAsync();
        call = sandbox.InvokeAsync("{}");
        await next;
        await sandbox.PostAsync(Response, "fine");
        Assert.Equal("fine", Assert.Single(await call).Text);
    }

    [Fact]
    public async Task An_unknown_response_mode_is_refused_and_fails_the_invocation()
    {
        var (sandbox, next) = await AdapterSandbox.ReadyAsync();
        await using var _ = sandbox;
        var call = sandbox.InvokeAsync("{}");
        await next;
        var refused = await sandbox.PostAsync(Response, "{}", ("Lambda-Runtime-Function-Response-Mode", "Streaming"));
        Assert.Equal((400, "InvalidFunctionResponseMode", "Invalid function response mode"), (refused.Status, refused.ErrorType, refused.ErrorMessage));
        Assert.Equal("Runtime.InvalidResponseModeHeader", Assert.Single(await call).ErrorType);
    }

    [Fact]
    public async Task A_failed_start_is_told_once_and_the_adapter_ends_with_the_runtime()
    {
        await using var sandbox = await AdapterSandbox.StartAsync();
        const string body = """{"errorMessage":"no module","errorType":"Runtime.ImportModuleError"}""";
        Assert.Equal(202, (await sandbox.PostAsync("runtime/init/error", body, ("Lambda-Runtime-Function-Error-Type", "Runtime.ImportModuleError"))).Status);
        var failed = (await sandbox.Initialized)!;
        Assert.Equal((FrameKind.Error, 0u, "Runtime.ImportModuleError", true, body), (failed.Kind, failed.Id, failed.ErrorType, failed.IsFatal, failed.Text));
        Assert.Null(failed.Cause);
        Assert.Equal(403, (await sandbox.PostAsync("runtime/init/error", body)).Status);
        var next = await sandbox.SendAsync(HttpMethod.Get, "runtime/invocation/next", null);
        Assert.Equal((403, "State transition from InitError to Ready failed for runtime. Error: State transition is not allowed"), (next.Status, next.ErrorMessage));
        sandbox.Order("exit 129");
        Assert.Equal(129, sandbox.Process.WaitForExit());
    }

    [Theory]
    [InlineData("exit 0", 0)]
    [InlineData("exit 37", 37)]
    [InlineData("kill -SEGV $$", 128 + 11)]
    [InlineData("kill -KILL $$", 128 + 9)]
    public async Task The_adapter_ends_as_its_runtime_does(string order, int code)
    {
        var (sandbox, _) = await AdapterSandbox.ReadyAsync();
        await using var _1 = sandbox;
        sandbox.Order("echo last words; echo and more >&2; " + order);
        Assert.Equal(code, sandbox.Process.WaitForExit());
        Assert.Equal("last words\nand more\n", sandbox.Process.Output);
    }

    [Fact]
    public async Task An_event_that_the_runtime_has_not_asked_for_when_it_ends_is_given_back()
    {
        var (sandbox, next) = await AdapterSandbox.ReadyAsync();
        await using var _ = sandbox;
        var call = sandbox.InvokeAsync("1");
        await next;
        await sandbox.PostAsync(Response, "1");
        Assert.Equal("1", Assert.Single(await call).Text);
        // Nobody asks for this one.
        sandbox.Process.SendInvoke("2"u8, RuntimeProcess.Header());
        sandbox.Order("exit 0");
        var told = Assert.Single(await Task.Run(sandbox.Process.ReadAnswers, TestContext.Current.CancellationToken));
        Assert.Equal((FrameKind.Error, FrameLimits.NotTaken, true), (told.Kind, told.ErrorType, told.IsFatal));
        Assert.Equal(0, sandbox.Process.WaitForExit());
    }

    [Fact]
    public async Task An_event_that_the_runtime_has_is_not()
    {
        var (sandbox, next) = await AdapterSandbox.ReadyAsync();
        await using var _ = sandbox;
        var call = sandbox.InvokeAsync("1");
        await next;
        sandbox.Order("exit 0");
        Assert.Empty(await call);
        Assert.Equal(0, sandbox.Process.WaitForExit());
    }

    [Fact]
    public async Task A_bootstrap_that_is_missing_or_cannot_be_executed_is_told_in_AWSs_words()
    {
        foreach (var (write, cause) in ((Action<AdapterSandbox>, string)[])
        [
            (static _ => { }, "Couldn't find valid bootstrap(s): [{0}/task/bootstrap {0}/opt/bootstrap]"),
            (static s => s.Write("task/bootstrap", "#!/bin/sh\n", executable: false), "fork/exec {0}/task/bootstrap: permission denied"),
            (static s => s.Write("task/bootstrap", "echo no shebang\n"), "fork/exec {0}/task/bootstrap: exec format error"),
            (static s => s.Write("opt/bootstrap", "#!/no/such/shell\n"), "fork/exec {0}/opt/bootstrap: no such file or directory"),
        ])
        {
            await using var sandbox = new AdapterSandbox();
            write(sandbox);
            sandbox.Start();
            var failed = (await sandbox.Initialized)!;
            Assert.Equal((FrameKind.Error, 0u, "Runtime.InvalidEntrypoint", string.Format(null, cause, Path.GetDirectoryName(sandbox.Task))), (failed.Kind, failed.Id, failed.ErrorType, failed.Cause));
            Assert.Equal(1, sandbox.Process.WaitForExit());
        }
    }

    [Fact]
    public async Task The_bootstrap_starts_where_and_with_what_AWS_starts_it()
    {
        await using var sandbox = new AdapterSandbox();
        sandbox.Write("opt/bootstrap", "#!/bin/sh\npwd\ncat\nenv | sort\nls -l /proc/self/fd | grep -c pipe:\ntrap | wc -l\necho $AWS_LAMBDA_RUNTIME_API >api.new; mv api.new api; read -r line < orders\n");
        sandbox.Start();
        await sandbox.FindApiAsync();
        sandbox.Order("");
        sandbox.Process.WaitForExit();
        var lines = sandbox.Process.Output.Split('\n');
        Assert.Equal(sandbox.Task, lines[0]);
        Assert.Contains("_HANDLER=app.handler", lines);
        Assert.Contains($"AWS_LAMBDA_RUNTIME_API=127.0.0.1:{sandbox.Port}", lines);
        Assert.DoesNotContain(lines, l => l.StartsWith("_HEARTH", StringComparison.Ordinal) || l.StartsWith("HEARTH", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("GET /2018-06-01/ping HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\r\n", "pong")]
    [InlineData("GET /ping HTTP/1.0\r\n\r\n", "HTTP/1.1 200 OK\r\n", "Connection: close")]
    [InlineData("GET /2018-06-01/nope HTTP/1.1\r\n\r\n", "HTTP/1.1 404 Not Found\r\n", "404 page not found")]
    [InlineData("POST /2018-06-01/runtime/invocation/next HTTP/1.1\r\n\r\n", "HTTP/1.1 405 Method Not Allowed\r\n", "")]
    [InlineData("GET /2018-06-01/runtime/restore/next HTTP/1.1\r\n\r\n", "HTTP/1.1 404 Not Found\r\n", "")]
    [InlineData("GET /ping HTTP/2.0\r\n\r\n", "HTTP/1.1 505 ", "")]
    [InlineData("nonsense\r\n\r\n", "HTTP/1.1 400 Bad Request\r\n", "")]
    [InlineData("GET /ping HTTP/1.1\r\nno colon\r\n\r\n", "HTTP/1.1 400 Bad Request\r\n", "")]
    [InlineData("GET /ping HTTP/1.1\r\nContent-Length: -1\r\n\r\n", "HTTP/1.1 400 Bad Request\r\n", "")]
    [InlineData("POST /ping HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", "HTTP/1.1 400 Bad Request\r\n", "")]
    [InlineData("POST /ping HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", "HTTP/1.1 501 ", "")]
    [InlineData("POST /2018-06-01/runtime/init/error HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", "HTTP/1.1 400 Bad Request\r\n", "")]
    [InlineData("\r\nGET http://127.0.0.1:9001/ping?x=1 HTTP/1.1\nhost: x\n\n", "HTTP/1.1 200 OK\r\n", "pong")]
    public async Task Requests_of_all_kinds_are_answered(string request, string status, string contains)
    {
        await using var sandbox = await AdapterSandbox.StartAsync();
        var answer = await sandbox.RawAsync(request);
        Assert.StartsWith(status, answer, StringComparison.Ordinal);
        Assert.Contains(contains, answer, StringComparison.Ordinal);
        Assert.Equal(202, (await sandbox.PostAsync("runtime/init/error", "{}")).Status);
    }

    [Fact]
    public async Task Several_requests_in_one_piece_are_answered_in_order_and_a_head_without_end_is_refused()
    {
        await using var sandbox = await AdapterSandbox.StartAsync();
        var two = await sandbox.RawAsync("GET /ping HTTP/1.1\r\n\r\nGET /nope HTTP/1.1\r\n\r\nGET /ping HTTP/1.1\r\nConnection: close\r\n\r\n");
        Assert.Equal(3, two.Split("HTTP/1.1 ").Length - 1);
        Assert.True(two.IndexOf("pong", StringComparison.Ordinal) < two.IndexOf("404 page", StringComparison.Ordinal));
        Assert.StartsWith("HTTP/1.1 431 ", await sandbox.RawAsync("GET /ping HTTP/1.1\r\nx: " + new string('a', 1024 * 1024 + 1), half: false), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 431 ", await sandbox.RawAsync("GET /ping HTTP/1.1\r\n" + string.Concat(Enumerable.Repeat("a: b\r\n", 201)) + "\r\n"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Garbage_of_all_kinds_ends_nobody()
    {
        string[] seeds =
        [
            "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
            $"POST /2018-06-01/{Response} HTTP/1.1\r\nTransfer-Encoding: chunked\r\nLambda-Runtime-Function-Response-Mode: streaming\r\n\r\n5\r\nhello\r\n0\r\nA: b\r\n\r\n",
            "POST /2020-01-01/extension/register HTTP/1.1\r\nLambda-Extension-Name: a\r\nContent-Length: 21\r\n\r\n{\"events\":[\"INVOKE\"]}",
            "PUT /2022-07-01/telemetry HTTP/1.1\r\nLambda-Extension-Identifier: 11111111-2222-3333-4444-555555555555\r\nContent-Length: 2\r\n\r\n{}",
            "GET /2020-01-01/extension/event/next HTTP/1.1\r\nLambda-Extension-Identifier: x\r\n\r\n",
        ];
        await using var sandbox = await AdapterSandbox.StartAsync();
        var random = new Random(20261126);
        for (var i = 0; i < 400; i++)
        {
            var bytes = Encoding.Latin1.GetBytes(seeds[random.Next(seeds.Length)]).ToList();
            for (var changes = random.Next(1, 6); changes > 0; changes--)
            {
                var at = random.Next(bytes.Count);
                switch (random.Next(4))
                {
                    case 0:
                        bytes[at] = (byte)random.Next(256);
                        break;
                    case 1:
                        bytes.RemoveRange(at, Math.Min(bytes.Count - at - 1, random.Next(8)));
                        break;
                    case 2:
                        bytes.InsertRange(at, bytes.GetRange(at, Math.Min(bytes.Count - at, random.Next(64))));
                        break;
                    default:
                        bytes.InsertRange(at, "\r\n\r\n"u8.ToArray());
                        break;
                }
            }
            try
            {
                await sandbox.RawAsync(Encoding.Latin1.GetString([.. bytes]));
            }
            catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException)
            {
                // Closed on us, which is an answer too.
            }
        }
        Assert.Equal("pong", (await sandbox.SendAsync(HttpMethod.Get, "/ping", null)).Body);
    }

    [Fact]
    public async Task A_client_that_gave_up_waiting_loses_no_event()
    {
        var (sandbox, next) = await AdapterSandbox.ReadyAsync();
        await using var _ = sandbox;
        await sandbox.RawAsync("GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\n\r\n");
        using var impatient = new CancellationTokenSource();
        var second = sandbox.Http.GetAsync("runtime/invocation/next", impatient.Token);
        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        var call = sandbox.InvokeAsync("{}");
        using (var given = await next)
            Assert.Equal(HttpStatusCode.OK, given.StatusCode);
        await sandbox.PostAsync(Response, "kept");
        Assert.Equal("kept", Assert.Single(await call).Text);
    }

    [Fact]
    public async Task An_event_that_comes_before_the_runtime_asks_for_it_is_kept()
    {
        var (sandbox, next) = await AdapterSandbox.ReadyAsync();
        await using var _ = sandbox;
        var call = sandbox.InvokeAsync("1");
        await next;
        await sandbox.PostAsync(Response, "1");
        await call;
        call = sandbox.InvokeAsync("2");
        // Time for the event to arrive; it must work in either order.
        await sandbox.SendAsync(HttpMethod.Get, "/ping", null);
        using (var given = await sandbox.NextAsync())
            Assert.Equal("2", await given.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        await sandbox.PostAsync(Response, "2");
        Assert.Equal("2", Assert.Single(await call).Text);
    }

    [Fact]
    public async Task A_body_that_waits_for_100_is_asked_for_unless_it_is_too_long()
    {
        var (sandbox, next) = await AdapterSandbox.ReadyAsync();
        await using var _ = sandbox;
        var call = sandbox.InvokeAsync("{}");
        await next;
        var answer = await sandbox.RawAsync($"POST /2018-06-01/{Response} HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 4\r\nConnection: close\r\n\r\nfine");
        Assert.StartsWith("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 202 Accepted\r\n", answer, StringComparison.Ordinal);
        Assert.Equal("fine", Assert.Single(await call).Text);
        next = sandbox.NextAsync();
        call = sandbox.InvokeAsync("{}");
        await next;
        answer = await sandbox.RawAsync($"POST /2018-06-01/{Response} HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 6291557\r\n\r\n", half: false);
        Assert.StartsWith("HTTP/1.1 413 ", answer, StringComparison.Ordinal);
        Assert.Equal("Function.ResponseSizeTooLarge", Assert.Single(await call).ErrorType);
    }

    [Fact]
    public async Task The_adapter_ends_when_the_agent_does()
    {
        var (sandbox, _) = await AdapterSandbox.ReadyAsync();
        await using var _1 = sandbox;
        Assert.Equal(0, sandbox.Process.CloseRequests());
    }

    [Fact]
    public async Task What_an_agent_never_sends_ends_it()
    {
        var (sandbox, _) = await AdapterSandbox.ReadyAsync();
        await using var _1 = sandbox;
        sandbox.Process.SendRaw([1, 0, 0, 0, 0xc0]);
        Assert.Equal(1, sandbox.Process.WaitForExit());
        Assert.Contains("hearth-adapter: a frame is not a MessagePack array", sandbox.Process.Output, StringComparison.Ordinal);
    }

    private static string Streamed(string chunks) =>
        $"POST /2018-06-01/{Response} HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTrailer: Lambda-Runtime-Function-Error-Type\r\nLambda-Runtime-Function-Response-Mode: streaming\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n{chunks}";

    private static string? One(HttpResponseMessage response, string name) => response.Headers.TryGetValues(name, out var values) ? values.Single() : null;
}
