using Hearth.Wire;
using Xunit;

namespace Hearth.Agent.Tests.Runtimes;

/// <summary>What only the Python client does. Needs /usr/bin/python3.</summary>
public sealed class PythonTests
{
    [Theory]
    [InlineData("nested.inner.handler", "nested.inner")]
    [InlineData("nested/inner.handler", "nested.inner")]
    public void A_handler_may_lie_in_a_folder(string handler, string module)
    {
        using var runtime = Start(handler);
        Assert.Equal(module, runtime.Invoke("{}")!.Json.GetString());
    }

    [Fact]
    public void Logging_has_Lambdas_text_format()
    {
        using var runtime = Start("cases.logs");
        runtime.Invoke("1");
        runtime.ShutDown();
        Assert.Matches(@"\[INFO\]\t\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\t8476a536-e9f4-11e8-9739-2dfe598c3fcd\tlogged 1\n", runtime.Output);
    }

    [Fact]
    public void Logging_has_Lambdas_JSON_format()
    {
        using var runtime = Start("cases.warnings", ("AWS_LAMBDA_LOG_FORMAT", "JSON"));
        runtime.Invoke("1");
        runtime.ShutDown();
        Assert.Contains("\"level\": \"ERROR\", \"message\": \"caught\", \"logger\": \"root\", \"stackTrace\": [", runtime.Output, StringComparison.Ordinal);
        Assert.Contains("\"errorType\": \"JSONDecodeError\"", runtime.Output, StringComparison.Ordinal);
        Assert.Contains("\"requestId\": \"8476a536-e9f4-11e8-9739-2dfe598c3fcd\"", runtime.Output, StringComparison.Ordinal);
        Assert.Contains("\"order\": 7}", runtime.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void An_error_is_one_event_of_the_log()
    {
        using var runtime = Start("cases.fail");
        runtime.Invoke("1");
        runtime.ShutDown();
        Assert.Contains("[ERROR] ValueError: boom\rsecond line\rTraceback (most recent call last):\r\u00a0\u00a0File \"", runtime.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_Decimal_keeps_its_digits_and_NaN_is_allowed()
    {
        using var runtime = Start("cases.decimals");
        Assert.Equal("{\"price\": 1.10, \"ratio\": NaN}", runtime.Invoke("1")!.Text);
    }

    [Theory]
    [InlineData("AWS_Lambda_python3.11", "\"\\u00e9\"")]
    [InlineData("AWS_Lambda_python3.12", "\"é\"")]
    public void Non_ASCII_is_escaped_up_to_3_11(string executionEnvironment, string answer)
    {
        using var runtime = Start("cases.echo", ("AWS_EXECUTION_ENV", executionEnvironment));
        Assert.Equal(answer, runtime.Invoke("\"é\"")!.Text);
    }

    [Fact]
    public void Bytes_are_the_answer_as_they_are()
    {
        using var runtime = Start("cases.binary");
        var answer = runtime.Invoke("1")!;
        Assert.Equal("application/unknown", answer.ContentType);
        Assert.Equal([0x00, 0xff], answer.Payload);
    }

    [Fact]
    public void A_forked_child_does_not_answer()
    {
        using var runtime = Start("cases.forks");
        Assert.Equal("\"parent\"", runtime.Invoke("1")!.Text);
        Assert.Equal("\"parent\"", runtime.Invoke("1")!.Text);
    }

    [Fact]
    public void An_exception_without_a_text_is_still_told()
    {
        using var runtime = Start("cases.textless");
        var answer = runtime.Invoke("1")!;
        Assert.Equal((FrameKind.Error, "Exploding"), (answer.Kind, answer.ErrorType));
    }

    [Fact]
    public void Packages_of_the_machine_are_found_after_the_functions_own()
    {
        const string Packages = "/usr/lib/python3/dist-packages";
        Assert.SkipUnless(File.Exists($"{Packages}/boto3/__init__.py"), "needs python3-boto3: apt-get install python3-boto3");
        using var runtime = Start("cases.sdk");
        var answer = runtime.Invoke("1")!.Json;
        Assert.Equal($"{Packages}/boto3/__init__.py", answer.GetProperty("file").GetString());
        var path = answer.GetProperty("path").EnumerateArray().Select(static entry => entry.GetString()!).ToList();
        Assert.Equal(RuntimeLanguage.Python.TaskRoot, path[0]);
        Assert.True(path.IndexOf(Packages) > path.IndexOf("/opt/python"), string.Join(':', path));
    }

    private static RuntimeProcess Start(string handler, params (string, string)[] more) =>
        RuntimeProcess.Start(RuntimeLanguage.Python, handler, RuntimeEnvironment.For(RuntimeLanguage.Python, more));
}
