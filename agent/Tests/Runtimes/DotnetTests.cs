using Hearth.Wire;
using Xunit;

namespace Hearth.Agent.Tests.Runtimes;

/// <summary>What only the .NET client does. Needs /usr/bin/dotnet and the built Hearth.Runtime.</summary>
public sealed class DotnetTests
{
    [Theory]
    [InlineData("later", "1", "\"later\"")]
    [InlineData("valued", """{"NAME":"ada"}""", """{"Name":"ADA"}""")]
    [InlineData("nothing", "1", "null")]
    [InlineData("streams", """{ "kept": "as is" }""", """{ "kept": "as is" }""")]
    [InlineData("onlyContext", "1", "\"8476a536-e9f4-11e8-9739-2dfe598c3fcd 256 True\"")]
    public void A_handler_of_each_signature_answers(string handler, string payload, string answer)
    {
        using var runtime = Start(handler);
        Assert.Equal(answer, runtime.Invoke(payload)!.Text);
        Assert.Equal(answer, runtime.Invoke(payload)!.Text);
    }

    [Fact]
    public void An_inner_exception_is_the_cause()
    {
        using var runtime = Start("fail");
        var cause = runtime.Invoke("1")!.Json.GetProperty("cause");
        Assert.Equal("TimeoutException", cause.GetProperty("errorType").GetString());
        Assert.Equal("inner", cause.GetProperty("errorMessage").GetString());
    }

    [Fact]
    public void Console_lines_have_time_request_and_level()
    {
        using var runtime = Start("logs");
        runtime.Invoke("1");
        runtime.ShutDown();
        Assert.Matches(@"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\t8476a536-e9f4-11e8-9739-2dfe598c3fcd\tinfo\tlogged 1\n", runtime.Output);
        Assert.Contains("\tfail\tto stderr\n", runtime.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void The_contexts_logger_writes_lines()
    {
        using var runtime = Start("fields");
        var header = RuntimeProcess.Header() with
        {
            CognitoIdentity = "{}",
            ClientContext = """{"client":{},"custom":{"k":"v"}}""",
        };
        Assert.Equal(FrameKind.Response, runtime.InvokeForAll("1"u8, header)[^1].Kind);
        runtime.ShutDown();
        Assert.Contains("\twarn\tfrom the logger\n", runtime.Output, StringComparison.Ordinal);
    }

    private static RuntimeProcess Start(string handler, params (string, string)[] more) =>
        RuntimeProcess.Start(RuntimeLanguage.Dotnet, RuntimeLanguage.Dotnet.Handler(handler), RuntimeEnvironment.For(RuntimeLanguage.Dotnet, more));
}
