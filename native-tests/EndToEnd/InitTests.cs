using Hearth.NativeTests.Harness;
using Xunit;

namespace Hearth.NativeTests.EndToEnd;

/// <summary>The init phase: 10 s, then once more within the invocation's own time, as AWS does it.</summary>
[Collection(EndToEndCollection.Name)]
public sealed class InitTests(SharedNode shared) : IClassFixture<SharedNode>
{
    [Fact]
    public async Task One_that_does_not_end_is_stopped_and_tried_again_within_the_invocation()
    {
        var node = await shared.DeployAsync();
        await CreateAsync(node, "stuck", "import time\ntime.sleep(600)\ndef h(e, c): return 1\n", timeout: 3);
        var answer = await node.Client.InvokeAsync("stuck", tail: true);
        Assert.Equal(("Unhandled", "Sandbox.Timedout"), (answer.FunctionError, answer.ErrorType));
        Assert.EndsWith("Task timed out after 3.00 seconds", answer.Json["errorMessage"]!.GetValue<string>(), StringComparison.Ordinal);
        var log = await LogAsync(node, "stuck");
        Assert.Matches(@"INIT_REPORT Init Duration: 1\d{4}\.\d\d ms\s+Phase: init\s+Status: timeout", log);
        Assert.Matches(@"REPORT RequestId: .*\s+Duration: 3\d{3}\.\d\d ms", log);
    }

    [Fact]
    public async Task One_that_is_slow_the_first_time_only_answers_after_the_second()
    {
        var node = await shared.DeployAsync();
        const string Code = """
            import os, time
            if not os.path.exists("/tmp/tried"):
                open("/tmp/tried", "w").close()
                time.sleep(600)
            def h(e, c): return "second"
            """;
        await CreateAsync(node, "late", Code, timeout: 30);
        var answer = await node.Client.InvokeAsync("late");
        Assert.True(answer.Succeeded, $"{answer}\n{node.Output}");
        Assert.Equal("\"second\"", answer.Body);
    }

    [Theory]
    [InlineData("raise ValueError('at import')", "ValueError", "at import")]
    [InlineData("def h(:", "Runtime.UserCodeSyntaxError", "Syntax error in module 'm'")]
    [InlineData("import nowhere_to_be_found", "Runtime.ImportModuleError", "No module named 'nowhere_to_be_found'")]
    [InlineData("x = 1", "Runtime.HandlerNotFound", "Handler 'h' missing on module 'm'")]
    public async Task One_that_fails_is_told_in_Lambdas_words_every_time(string code, string type, string says)
    {
        var node = await shared.DeployAsync();
        var name = "fails-" + Guid.NewGuid().ToString("N")[..8];
        await CreateAsync(node, name, code + "\n", timeout: 10);
        for (var i = 0; i < 2; i++)
        {
            var answer = await node.Client.InvokeAsync(name);
            Assert.Equal(("Unhandled", type), (answer.FunctionError, answer.ErrorType));
            Assert.Contains(says, answer.Json["errorMessage"]!.GetValue<string>(), StringComparison.Ordinal);
        }
    }

    private static Task CreateAsync(TestNode node, string name, string code, int timeout) =>
        node.Client.CreateAsync(new FunctionSettings(name, Handler: "m.h", TimeoutSeconds: timeout), FunctionZip.Of(("m.py", code)));

    private static async Task<string> LogAsync(TestNode node, string function)
    {
        var text = "";
        await Patience.UntilAsync("its log is there", async () =>
        {
            var (code, output) = await Cli.RunAsync(node, "logs", function);
            text = output;
            return code == 0 && output.Contains("REPORT RequestId", StringComparison.Ordinal);
        });
        return text;
    }
}
