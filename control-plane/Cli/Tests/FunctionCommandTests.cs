using System.Text;
using Google.Protobuf;
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
        Assert.StartsWith("hearth: not found: Function not found: b;", outcome.Error);
        Assert.Equal(["d"], there);
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
