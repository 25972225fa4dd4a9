using System.Text;
using System.Text.Json;
using Hearth.Wire;
using Xunit;

namespace Hearth.Agent.Tests.Runtimes;

/// <summary>What holds for python, nodejs and dotnet alike. Needs the language; skips without it.</summary>
public class EveryLanguageTests
{
    /// <summary>The process is started before it is known for which function.</summary>
    protected virtual bool IsAheadOfTime => false;

    /// <summary>What the agent hears of one that executes itself again: a Hello each time.</summary>
    protected virtual int HellosOfTwoStarts => 2;

    /// <summary>Begins the line about a frame that is none.</summary>
    protected virtual string Complaint => "hearth: ";

    protected virtual RuntimeLanguage Language(string name) => RuntimeLanguage.Of(name);

    /// <summary>Of the variables that a handler sees those that are not Init's.</summary>
    protected virtual IEnumerable<KeyValuePair<string, string>> OfInit(IEnumerable<KeyValuePair<string, string>> seen) => seen;

    public static TheoryData<string> Languages => ["python", "nodejs", "dotnet"];

    [Theory, MemberData(nameof(Languages))]
    public void Hello_is_answered(string name)
    {
        using var runtime = Start(name, "hello", out _);
        var answer = runtime.Invoke("""{"name":"Ada"}""")!;
        Assert.Equal((FrameKind.Response, 1u, "application/json"), (answer.Kind, answer.Id, answer.ContentType));
        Assert.Equal("Hello Ada", answer.Json.GetProperty("message").GetString());
        Assert.StartsWith(name, runtime.Runtime, StringComparison.Ordinal);
        Assert.Equal(1, runtime.Hellos);
    }

    [Theory, MemberData(nameof(Languages))]
    public void Unicode_goes_through_unescaped(string name)
    {
        using var runtime = Start(name, "echo", out _);
        var answer = runtime.Invoke("""{"é":["日本","🔥","\u0000 \" \\ \n"],"n":[1,-2.5,1e300,true,null]}""")!;
        var expected = JsonSerializer.Deserialize<JsonElement>("""{"é":["日本","🔥","\u0000 \" \\ \n"],"n":[1,-2.5,1e300,true,null]}""");
        Assert.True(JsonElement.DeepEquals(expected, answer.Json), answer.Text);
        Assert.Contains("日本", answer.Text, StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Languages))]
    public void State_stays_between_invocations_and_ids_count_up(string name)
    {
        using var runtime = Start(name, "count", out _);
        for (var i = 1; i <= 200; i++)
        {
            var answer = runtime.Invoke("{}")!;
            Assert.Equal((uint)i, answer.Id);
            Assert.Equal(i, answer.Json.GetInt32());
        }
    }

    [Theory, MemberData(nameof(Languages))]
    public void Six_mebibytes_go_in_and_out(string name)
    {
        using var runtime = Start(name, "echo", out _);
        var payload = new byte[6 * 1024 * 1024];
        payload.AsSpan().Fill((byte)'a');
        payload[0] = payload[^1] = (byte)'"';
        var answer = Assert.Single(runtime.InvokeForAll(payload, RuntimeProcess.Header()));
        Assert.Equal(FrameKind.Response, answer.Kind);
        Assert.True(payload.AsSpan().SequenceEqual(answer.Payload));
        Assert.Equal("1", runtime.Invoke("1")!.Text);
    }

    [Theory, MemberData(nameof(Languages))]
    public void The_largest_response_passes_and_one_byte_more_is_refused(string name)
    {
        using var runtime = Start(name, "large", out _);
        Assert.Equal(FrameLimits.MaxPayloadLength, runtime.Invoke($"{FrameLimits.MaxPayloadLength - 2}")!.Payload.Length);
        var refused = runtime.Invoke($"{FrameLimits.MaxPayloadLength - 1}")!;
        Assert.Equal((FrameKind.Error, "Function.ResponseSizeTooLarge", false), (refused.Kind, refused.ErrorType, refused.IsFatal));
        Assert.Equal("Response payload size exceeded maximum allowed payload size (6291556 bytes).", refused.Message);
        Assert.Equal(5, runtime.Invoke("3")!.Payload.Length);
    }

    [Theory]
    [InlineData("python", "ValueError", "stackTrace", "in fail")]
    [InlineData("nodejs", "TypeError", "trace", "exports.fail")]
    [InlineData("dotnet", "InvalidOperationException", "stackTrace", "Cases.Fail")]
    public void An_exception_is_told_in_the_languages_own_shape_and_the_instance_lives_on(string name, string type, string traceName, string inTrace)
    {
        using var runtime = Start(name, "fail", out _);
        for (var i = 0; i < 2; i++)
        {
            var answer = runtime.Invoke("{}")!;
            Assert.Equal((FrameKind.Error, type, false), (answer.Kind, answer.ErrorType, answer.IsFatal));
            Assert.Equal(type, answer.Json.GetProperty("errorType").GetString());
            Assert.Equal("boom\nsecond line", answer.Message);
            Assert.Contains(answer.Json.GetProperty(traceName).EnumerateArray(), l => l.GetString()!.Contains(inTrace, StringComparison.Ordinal));
        }
        Assert.Equal(0, runtime.ShutDown());
        Assert.Contains("boom\rsecond line", runtime.Output.Replace("\\n", "\r", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("python", "Runtime.MarshalError")]
    [InlineData("nodejs", "Error")]
    [InlineData("dotnet", "NotSupportedException")]
    public void A_result_that_is_no_JSON_is_an_error(string name, string type)
    {
        using var runtime = Start(name, "unserializable", out _);
        var answer = runtime.Invoke("{}")!;
        Assert.Equal((FrameKind.Error, type), (answer.Kind, answer.ErrorType));
    }

    [Theory]
    [InlineData("python", "cases.nope", "Runtime.HandlerNotFound", "Handler 'nope' missing on module 'cases'")]
    [InlineData("python", "nope.x", "Runtime.ImportModuleError", "Unable to import module 'nope': No module named 'nope'")]
    [InlineData("python", "syntax.handler", "Runtime.UserCodeSyntaxError", "Syntax error in module 'syntax': expected ':' (syntax.py, line 1)")]
    [InlineData("python", "bad", "Runtime.MalformedHandlerName", "Bad handler 'bad': not enough values to unpack (expected 2, got 1)")]
    [InlineData("python", "sys.x", "Runtime.BuiltInModuleConflict", "Cannot use built-in module sys as a handler module")]
    [InlineData("python", "raises.x", "RuntimeError", "at import")]
    [InlineData("nodejs", "cases.nope", "Runtime.HandlerNotFound", "cases.nope is undefined or not exported")]
    [InlineData("nodejs", "nope.x", "Runtime.ImportModuleError", "Error: Cannot find module 'nope'\nRequire stack:")]
    [InlineData("nodejs", "syntax.handler", "Runtime.UserCodeSyntaxError", "SyntaxError: ")]
    [InlineData("nodejs", "bad", "Runtime.MalformedHandlerName", "Bad handler")]
    [InlineData("nodejs", "../cases.x", "Runtime.MalformedHandlerName", "'../cases.x' is not a valid handler name.")]
    [InlineData("nodejs", "raises.x", "Error", "at import")]
    [InlineData("dotnet", "{asm}::Hearth.Agent.Tests.Runtimes.Functions.Cases::Nope", "LambdaValidationException", "Unable to find method 'Nope' in type 'Hearth.Agent.Tests.Runtimes.Functions.Cases' from assembly '")]
    [InlineData("dotnet", "{asm}::No.Type::Nope", "LambdaValidationException", "Unable to load type 'No.Type' from assembly '")]
    [InlineData("dotnet", "Nope::T::M", "LambdaValidationException", "Could not find the specified handler assembly with the file name 'Nope, ")]
    [InlineData("dotnet", "bad", "LambdaValidationException", "Invalid lambda function handler: 'bad'. The valid format is 'ASSEMBLY::TYPE::METHOD'.")]
    [InlineData("dotnet", "{asm}::Hearth.Agent.Tests.Runtimes.Functions.Cases::Overloaded", "LambdaValidationException", "The method 'Overloaded' in type '")]
    [InlineData("dotnet", "{asm}::Hearth.Agent.Tests.Runtimes.Functions.Cases::AsyncVoid", "LambdaValidationException", "The method '")]
    [InlineData("dotnet", "{asm}::Hearth.Agent.Tests.Runtimes.Functions.Failing::Handle", "NotSupportedException", "constructor")]
    public void A_handler_that_cannot_be_loaded_fails_the_start(string name, string handler, string type, string message)
    {
        var language = Language(name);
        language.SkipWhenMissing();
        using var runtime = new RuntimeProcess(language, IsAheadOfTime);
        var answer = runtime.Initialize(handler.Replace("{asm}", RuntimeLanguage.TestAssembly, StringComparison.Ordinal), RuntimeEnvironment.For(language))!;
        Assert.Equal((FrameKind.Error, 0u, true), (answer.Kind, answer.Id, answer.IsFatal));
        Assert.Equal(type, answer.ErrorType);
        Assert.Equal(type, answer.Json.GetProperty("errorType").GetString());
        Assert.StartsWith(message, answer.Message, StringComparison.Ordinal);
        Assert.NotEqual(0, runtime.WaitForExit());
        Assert.Contains(type.Split('.')[^1], runtime.Output, StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Languages))]
    public void An_exit_in_the_handler_ends_the_process_with_its_code(string name)
    {
        using var runtime = Start(name, "leave", out _);
        Assert.Null(runtime.Invoke("7"));
        Assert.Equal(7, runtime.WaitForExit());
    }

    [Theory, MemberData(nameof(Languages))]
    public void The_context_has_Lambdas_fields(string name)
    {
        using var runtime = Start(name, "fields", out _);
        var header = RuntimeProcess.Header() with
        {
            TraceId = "Root=1-5759e988-bd862e3fe1be46a994272793",
            TenantId = "blue",
            CognitoIdentity = """{"cognitoIdentityId":"us-east-1:1","cognitoIdentityPoolId":"us-east-1:2"}""",
            ClientContext = """{"client":{"app_title":"Títle"},"custom":{"k":"v"},"env":{}}""",
        };
        var fields = runtime.InvokeForAll("null"u8, header)[^1].Json;
        Assert.Equal(header.RequestId, fields.GetProperty("requestId").GetString());
        Assert.Equal("cases", fields.GetProperty("functionName").GetString());
        Assert.Equal("$LATEST", fields.GetProperty("functionVersion").GetString());
        Assert.Equal(header.InvokedFunctionArn, fields.GetProperty("arn").GetString());
        Assert.Equal(256, fields.GetProperty("memory").GetInt32());
        Assert.Equal("/aws/lambda/cases", fields.GetProperty("logGroup").GetString());
        Assert.StartsWith("2026/01/01/[$LATEST]", fields.GetProperty("logStream").GetString(), StringComparison.Ordinal);
        Assert.Equal("blue", fields.GetProperty("tenant").GetString());
        Assert.Equal("us-east-1:1", fields.GetProperty("identity").GetString());
        Assert.Equal("Títle", fields.GetProperty("app").GetString());
        Assert.Equal("v", fields.GetProperty("custom").GetString());
        Assert.InRange(fields.GetProperty("remaining").GetInt64(), 1, 30_000);
        Assert.Equal(header.TraceId, fields.GetProperty("trace").GetString());
    }

    [Theory, MemberData(nameof(Languages))]
    public void The_handler_sees_the_environment_of_Init_and_nothing_else(string name)
    {
        using var runtime = Start(name, name == "dotnet" ? "environmentOf" : "environment", out var environment, ("PLAIN", "ä=b"));
        var seen = runtime.Invoke("{}")!.Json.EnumerateObject().ToDictionary(p => p.Name, p => p.Value.GetString()!);
        Assert.Equal(environment.OrderBy(e => e.Key), OfInit(seen).OrderBy(e => e.Key));
    }

    [Theory, MemberData(nameof(Languages))]
    public void A_variable_of_the_start_is_there_after_one_re_exec(string name)
    {
        using var runtime = Start(name, name == "dotnet" ? "environmentOf" : "environment", out var environment, ("MALLOC_ARENA_MAX", "1"));
        Assert.Equal(HellosOfTwoStarts, runtime.Hellos);
        Assert.Contains("MALLOC_ARENA_MAX=1", runtime.StartedWith);
        var seen = runtime.Invoke("{}")!.Json.EnumerateObject().ToDictionary(p => p.Name, p => p.Value.GetString()!);
        Assert.Equal(environment.OrderBy(e => e.Key), OfInit(seen).OrderBy(e => e.Key));
        Assert.Equal(0, runtime.ShutDown());
    }

    [Theory, MemberData(nameof(Languages))]
    public void Library_folders_without_libraries_need_no_re_exec(string name)
    {
        using var runtime = Start(name, "echo", out _, ("LD_LIBRARY_PATH", "/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/task/lib:/opt/lib"));
        Assert.Equal(1, runtime.Hellos);
        Assert.Equal("1", runtime.Invoke("1")!.Text);
    }

    [Theory, MemberData(nameof(Languages))]
    public void Processes_of_the_handler_do_not_inherit_the_pipes(string name)
    {
        using var runtime = Start(name, "children", out _);
        var listed = runtime.Invoke("{}")!.Json.GetString()!;
        Assert.Contains("0 -> ", listed, StringComparison.Ordinal);
        Assert.DoesNotContain("hearth-runtime-", listed, StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Languages))]
    public void Output_is_flushed_before_the_answer(string name)
    {
        using var runtime = Start(name, "logs", out _);
        Assert.Equal("null", runtime.Invoke("\"événement\"")!.Text);
        Assert.Equal(0, runtime.ShutDown());
        Assert.Contains("printed héllo", runtime.Output, StringComparison.Ordinal);
        Assert.Contains("to stderr", runtime.Output, StringComparison.Ordinal);
        Assert.Contains("logged événement", runtime.Output, StringComparison.Ordinal);
        Assert.Contains("no line end", runtime.Output, StringComparison.Ordinal);
        Assert.Contains(RuntimeProcess.Header().RequestId, runtime.Output, StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Languages))]
    public void An_event_that_is_no_JSON_is_an_error_of_that_invocation(string name)
    {
        using var runtime = Start(name, "echo", out _);
        Assert.Equal(FrameKind.Error, runtime.Invoke("{not json")!.Kind);
        Assert.Equal("2", runtime.Invoke("2")!.Text);
    }

    [Theory, MemberData(nameof(Languages))]
    public void The_end_of_the_requests_ends_the_process(string name)
    {
        using var runtime = Start(name, "echo", out _);
        Assert.Equal("1", runtime.Invoke("1")!.Text);
        Assert.Equal(0, runtime.CloseRequests());
    }

    public static TheoryData<string, string> BadFrames =>
        new(from language in (string[])["python", "nodejs", "dotnet"]
            from hex in (string[])["00000000", "ffffffff", "0100000093", "0200000091c1", "020000009104", "0300000091630a", "0500000093080001ff"]
            select (language, hex));

    [Theory, MemberData(nameof(BadFrames))]
    public void A_frame_that_is_none_ends_the_process_with_1(string name, string hex)
    {
        using var runtime = Start(name, "echo", out _);
        runtime.SendRaw(Convert.FromHexString(hex));
        Assert.Equal(1, runtime.WaitForExit());
        Assert.Contains(Complaint, runtime.Output, StringComparison.Ordinal);
    }

    private protected RuntimeProcess Start(string name, string handler, out Dictionary<string, string> environment, params (string, string)[] more)
    {
        var language = Language(name);
        environment = RuntimeEnvironment.For(language, more);
        return RuntimeProcess.Start(language, language.Handler(handler), environment, IsAheadOfTime);
    }
}

/// <summary>The same of processes that were started ahead of time.</summary>
public sealed class AheadOfTimeTests : EveryLanguageTests
{
    protected override bool IsAheadOfTime => true;

    [Theory, MemberData(nameof(Languages))]
    public void A_re_executed_process_rehearses_no_second_time(string name)
    {
        var language = RuntimeLanguage.Of(name);
        var handler = language.Handler("echo");
        using (var waiting = RuntimeProcess.Start(language, handler, RuntimeEnvironment.For(language), isAheadOfTime: true))
            Assert.Contains("HEARTH_WARMED=1", waiting.StartedWith);
        using var runtime = RuntimeProcess.Start(language, handler, RuntimeEnvironment.For(language, ("MALLOC_ARENA_MAX", "1")), isAheadOfTime: true);
        Assert.Equal(2, runtime.Hellos);
        Assert.DoesNotContain("HEARTH_WARMED=1", runtime.StartedWith);
        Assert.Contains("MALLOC_ARENA_MAX=1", runtime.StartedWith);
        Assert.Equal("1", runtime.Invoke("1")!.Text);
    }

    [Theory, MemberData(nameof(Languages))]
    public void What_is_done_ahead_of_time_leaves_nothing_for_the_function_to_see(string name)
    {
        using var runtime = Start(name, "surroundings", out var environment);
        var seen = runtime.Invoke("{}")!;
        Assert.Equal(FrameKind.Response, seen.Kind);
        var variables = seen.Json.GetProperty("variables").EnumerateObject().ToDictionary(v => v.Name, v => v.Value.GetString()!);
        Assert.Equal(environment.OrderBy(v => v.Key, StringComparer.Ordinal), variables.Where(v => v.Key is not ("_X_AMZN_TRACE_ID" or "LC_CTYPE")).OrderBy(v => v.Key, StringComparer.Ordinal));
        Assert.Equal(RuntimeLanguage.Of(name).TaskRoot, seen.Json.GetProperty("folder").GetString());
        Assert.Equal(0, runtime.ShutDown());
        Assert.Equal("", runtime.Output);
    }
}
