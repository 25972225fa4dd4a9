using Xunit;

namespace Hearth.Cli.Tests;

/// <summary>What <c>hearth keys rm</c> asks before the last key goes.</summary>
public sealed class KeyCommandTests
{
    [Fact]
    public async Task A_key_that_is_not_the_last_goes_without_a_question()
    {
        var there = new HashSet<string> { "AKIA1", "AKIA2" };
        await using var node = await FakeControlPlane.StartAsync(new([]) { Keys = there });
        var outcome = await CommandLine.RunAsync("keys", "rm", "AKIA1", "--data", node.Data);
        Assert.Equal((0, "AKIA1 removed\n", ""), (outcome.ExitCode, outcome.Output, outcome.Error));
        Assert.Equal(["AKIA2"], there);
    }

    [Fact]
    public async Task Without_a_terminal_the_last_key_needs_yes()
    {
        var there = new HashSet<string> { "AKIA1" };
        await using var node = await FakeControlPlane.StartAsync(new([]) { Keys = there });
        var refused = await CommandLine.RunAsync("keys", "rm", "AKIA1", "--data", node.Data);
        Assert.Equal((5, ""), (refused.ExitCode, refused.Output));
        Assert.Contains("AKIA1 is the last access key", refused.Error);
        Assert.Contains("add --yes", refused.Error);
        Assert.Single(there);
        var removed = await CommandLine.RunAsync("keys", "rm", "AKIA1", "--yes", "--data", node.Data);
        Assert.Equal(0, removed.ExitCode);
        Assert.Contains("it was the last key", removed.Output);
        Assert.Empty(there);
    }

    [Theory]
    [InlineData("", 5, 1)]
    [InlineData("n\n", 5, 1)]
    [InlineData("y\n", 0, 0)]
    public async Task At_a_terminal_it_is_asked_for(string typed, int code, int left)
    {
        if (!File.Exists("/usr/bin/script")) Assert.Skip("needs /usr/bin/script (package bsdutils), which gives a command a terminal");
        var there = new HashSet<string> { "AKIA1" };
        await using var node = await FakeControlPlane.StartAsync(new([]) { Keys = there });
        var outcome = await CommandLine.AnswerAtTerminalAsync("[y/N]", typed, "keys", "rm", "AKIA1", "--data", node.Data);
        Assert.Equal((code, left), (outcome.ExitCode, there.Count));
    }
}
