using System.Text;
using Google.Protobuf;
using Grpc.Core;
using Hearth.Contracts.V1;
using Xunit;

namespace Hearth.Cli.Tests;

/// <summary>Commands about functions, against a control plane that answers what the test wants.</summary>
public sealed class FunctionCommandTests
{
    private static readonly InvokeResponse Hostile = new()
    {
        StatusCode = 200,
        Payload = ByteString.CopyFromUtf8("\"\x1b[2J\""),
        LogResult = Convert.ToBase64String(Encoding.UTF8.GetBytes("START\nall is well\r\x1b]0;title\x07\u009b31m\nEND\n")),
    };

    [Fact]
    public async Task Rm_goes_on_after_a_name_that_is_unknown_and_says_so_in_the_end()
    {
        var there = new HashSet<string> { "a", "c", "d" };
        await using var node = await FakeControlPlane.StartAsync(new(there));
        var outcome = await CommandLine.RunAsync("rm", "a", "b", "c", "--data", node.Data);
        Assert.Equal(3, outcome.ExitCode);
        Assert.Equal("a deleted\nc deleted\n", outcome.Output);
        Assert.StartsWith($"hearth: not found: Function not found: b; see what there is with: hearth ls --data {node.Data}", outcome.Error);
        Assert.Equal(["d"], there);
    }

    [Theory]
    [InlineData("ReservedFunctionConcurrentInvocationLimitExceeded", "hearth: f: throttled: its reserved concurrency is used up; ")]
    [InlineData("ConcurrentInvocationLimitExceeded", "hearth: f: throttled: the node runs as many invocations as it may (--concurrency, less what is reserved), or no further instance fits into --memory-budget-mb; ")]
    [InlineData("CallerRateLimitExceeded", "hearth: refused: Rate Exceeded\n")]
    public async Task A_throttled_caller_is_told_of_what_there_is_too_little(string reason, string line)
    {
        var refusal = new RpcException(new Status(StatusCode.ResourceExhausted, "Rate Exceeded."), new Metadata { { "x-hearth-reason", reason } });
        await using var node = await FakeControlPlane.StartAsync(new([], Refusal: refusal));
        var outcome = await CommandLine.RunAsync("invoke", "f", "--data", node.Data);
        Assert.Equal(5, outcome.ExitCode);
        Assert.StartsWith(line, outcome.Error);
        Assert.Single(outcome.Error.TrimEnd().Split('\n'));
    }

    [Fact]
    public async Task What_is_not_found_and_no_function_is_not_looked_for_among_functions()
    {
        await using var node = await FakeControlPlane.StartAsync(new([]));
        var outcome = await CommandLine.RunAsync("invoke", "elsewhere", "--data", node.Data);
        Assert.Equal((3, "hearth: not found: elsewhere\n"), (outcome.ExitCode, outcome.Error));
    }

    [Fact]
    public async Task A_log_tail_does_not_drive_the_terminal_and_a_program_gets_the_answer_byte_for_byte()
    {
        await using var node = await FakeControlPlane.StartAsync(new([], Hostile));
        var outcome = await CommandLine.RunAsync("invoke", "f", "--log", "--data", node.Data);
        Assert.Equal(0, outcome.ExitCode);
        Assert.Equal("\"\x1b[2J\"", outcome.Output);
        Assert.Equal("START\nall is well\\x0d\\x1b]0;title\\x07\\x9b31m\nEND\n", outcome.Error);
    }

    [Fact]
    public async Task An_answer_does_not_drive_the_terminal()
    {
        if (!File.Exists("/usr/bin/script")) Assert.Skip("needs /usr/bin/script (package bsdutils), which gives a command a terminal");
        await using var node = await FakeControlPlane.StartAsync(new([], Hostile));
        var outcome = await CommandLine.RunAtTerminalAsync("invoke", "f", "--data", node.Data);
        Assert.Equal(0, outcome.ExitCode);
        Assert.Contains("\"\\x1b[2J\"", outcome.Output);
        Assert.DoesNotContain("\x1b[2J", outcome.Output);
    }
}
