using Hearth.Agent.Tests.Fakes;
using Xunit;

namespace Hearth.Agent.Tests.Failures;

/// <summary>A runtime that breaks the protocol loses its own sandbox; the function beside it does not notice.</summary>
public sealed class WireViolationTests
{
    private const int Hostile = 256;

    [Theory]
    [InlineData("garbage", "it broke the protocol")]
    [InlineData("huge", "it broke the protocol")]
    [InlineData("wrong-id", "it broke the protocol")]
    [InlineData("close", "it closed its response pipe")]
    [InlineData("third-hello", "it broke the protocol")]
    [InlineData("stream-too-much", "exceeded maximum allowed payload size")]
    public async Task It_is_ended_and_its_caller_is_told(string mode, string cause)
    {
        await using var node = await TestNode.StartAsync();
        node.Spawner.Commands[Hostile] = ["/usr/bin/python3", "-S", "-I", Path.Join(AppContext.BaseDirectory, "Fakes", "hostile.py"), mode];
        await node.DeployAsync("good", "count = 0\ndef handler(event, context):\n    global count\n    count += 1\n    return count\n");
        await node.DeployAsync("hostile", "", memory: Hostile);
        Assert.Equal("1", (await node.InvokeAsync("good")).Text);
        var answer = await node.InvokeAsync("hostile");
        Assert.Equal((200, "Unhandled"), (answer.Status, answer.FunctionError));
        Assert.Contains(cause, answer.Text);
        Assert.Equal("2", (await node.InvokeAsync("good")).Text);
    }

    [Theory]
    [InlineData("unsolicited")]
    [InlineData("half-frame")]
    public async Task One_that_speaks_unasked_never_gets_an_event(string mode)
    {
        await using var node = await TestNode.StartAsync();
        node.Spawner.Commands[Hostile] = ["/usr/bin/python3", "-S", "-I", Path.Join(AppContext.BaseDirectory, "Fakes", "hostile.py"), mode];
        await node.DeployAsync("hostile", "", memory: Hostile);
        var answer = await node.InvokeAsync("hostile");
        Assert.Equal("Unhandled", answer.FunctionError);
        await Eventually.True(() => node.Spawner.Alive.Count == 0);
    }

    [Fact]
    public async Task A_streamed_answer_is_gathered_for_a_caller_that_wants_it_whole()
    {
        await using var node = await TestNode.StartAsync();
        node.Spawner.Commands[Hostile] = ["/usr/bin/python3", "-S", "-I", Path.Join(AppContext.BaseDirectory, "Fakes", "hostile.py"), "stream"];
        await node.DeployAsync("stream", "", memory: Hostile);
        Assert.Equal("[1,2,3]", (await node.InvokeAsync("stream")).Text);
    }
}
