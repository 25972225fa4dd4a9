using Hearth.Wire;
using Xunit;

namespace Hearth.Agent.Tests.Runtimes;

/// <summary>What only the Node.js client does. Needs /usr/bin/node.</summary>
public sealed class NodeJsTests
{
    [Theory]
    [InlineData("module.handler", "\"module.mjs\"")]
    [InlineData("nested/inner.handler", "\"a module by package.json\"")]
    [InlineData("cases.outer.middle.inner", "\"nested\"")]
    [InlineData("cases.later", "\"later\"")]
    [InlineData("cases.callback", "1")]
    [InlineData("cases.impatient", "1")]
    [InlineData("cases.done", "1")]
    [InlineData("cases.silent", "null")]
    [InlineData("cases.twice", "1")]
    public void A_handler_of_each_style_answers(string handler, string answer)
    {
        using var runtime = Start(handler);
        Assert.Equal(answer, runtime.Invoke("1")!.Text);
        Assert.Equal(answer, runtime.Invoke("1")!.Text);
    }

    [Fact]
    public void A_callback_waits_for_the_event_loop_to_run_empty()
    {
        using var runtime = Start("cases.callback");
        runtime.Invoke("1");
        runtime.ShutDown();
        Assert.Contains("\tINFO\tloop ran on\n", runtime.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("cases.never", "Runtime.NodeJsExit", false, 0)]
    [InlineData("cases.throwsText", "string", false, 0)]
    [InlineData("cases.uncaught", "Error", true, 129)]
    [InlineData("cases.rejects", "Runtime.UnhandledPromiseRejection", true, 128)]
    public void A_failure_has_Lambdas_type_and_exit_code(string handler, string type, bool fatal, int exitCode)
    {
        using var runtime = Start(handler);
        var answer = runtime.Invoke("1")!;
        Assert.Equal((FrameKind.Error, type, fatal), (answer.Kind, answer.ErrorType, answer.IsFatal));
        Assert.Equal(exitCode, fatal ? runtime.WaitForExit() : runtime.ShutDown());
    }

    [Fact]
    public void Console_lines_are_tab_separated_events()
    {
        using var runtime = Start("cases.logs");
        runtime.Invoke("1");
        runtime.ShutDown();
        Assert.Matches(@"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\t8476a536-e9f4-11e8-9739-2dfe598c3fcd\tINFO\tlogged 1\rsecond\n", runtime.Output);
        Assert.Contains("\tERROR\tto stderr\n", runtime.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Console_lines_are_JSON_when_asked()
    {
        using var runtime = Start("cases.logs", ("AWS_LAMBDA_LOG_FORMAT", "JSON"), ("AWS_LAMBDA_LOG_LEVEL", "ERROR"));
        runtime.Invoke("1");
        runtime.ShutDown();
        Assert.Contains("\"level\":\"ERROR\",\"requestId\":\"8476a536-e9f4-11e8-9739-2dfe598c3fcd\",\"message\":\"to stderr\"}", runtime.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("printed", runtime.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_streamed_answer_comes_in_chunks_of_at_most_a_mebibyte()
    {
        using var runtime = Start("cases.stream");
        var frames = runtime.InvokeForAll("2500000"u8, RuntimeProcess.Header());
        Assert.Equal((FrameKind.ResponseStart, "text/plain"), (frames[0].Kind, frames[0].ContentType));
        Assert.Equal(FrameKind.ResponseEnd, frames[^1].Kind);
        var chunks = frames[1..^1];
        Assert.All(chunks, c => Assert.InRange(c.Payload.Length, 1, FrameLimits.MaxChunkLength));
        Assert.Equal(2_500_004, chunks.Sum(c => c.Payload.Length));
        Assert.Equal(SandboxState.Ready, runtime.State);
    }

    [Fact]
    public void An_HTTP_stream_begins_with_its_prelude()
    {
        using var runtime = Start("cases.http");
        var frames = runtime.InvokeForAll("1"u8, RuntimeProcess.Header());
        Assert.Equal("application/vnd.awslambda.http-integration-response", frames[0].ContentType);
        Assert.Equal("""{"statusCode":201,"headers":{"x-a":"b"}}""" + "\0\0\0\0\0\0\0\0body", string.Concat(frames[1..^1].Select(f => f.Text)));
    }

    [Fact]
    public void A_stream_that_fails_midway_ends_in_an_Error_and_nothing_follows()
    {
        using var runtime = Start("cases.streamFails");
        for (var i = 0; i < 3; i++)
        {
            var frames = runtime.InvokeForAll("1"u8, RuntimeProcess.Header());
            Assert.Equal([FrameKind.ResponseStart, FrameKind.Chunk, FrameKind.Error], frames.Select(f => f.Kind));
            Assert.Equal("mid-stream", frames[^1].Message);
            Thread.Sleep(20);
        }
    }

    private static RuntimeProcess Start(string handler, params (string, string)[] more) =>
        RuntimeProcess.Start(RuntimeLanguage.NodeJs, handler, RuntimeEnvironment.For(RuntimeLanguage.NodeJs, more));
}
