using Hearth.Agent.Tests.Fakes;
using Xunit;

namespace Hearth.Agent.Tests.Reporting;

public sealed class LedgerTests
{
    private const string Function = "def handler(event, context):\n    return 1\n";

    [Fact]
    public async Task It_is_exact_over_a_link_that_drops_and_repeats()
    {
        await using var node = await TestNode.StartAsync();
        await node.DeployAsync("f", Function);
        node.Control.HangUps = 6;
        node.Control.RepeatAcknowledgements = true;
        var ids = new List<string>();
        for (var i = 0; i < 300; i++)
            ids.Add((await node.InvokeAsync("f")).RequestId!);
        await node.LedgerAsync(300);
        await Eventually.True(() => node.Control.HangUps == 0 && node.Control.IsConnected);
        Assert.Equal(ids.Order(), node.Control.Ledger.Select(r => new Guid(r.RequestId.Span, bigEndian: true).ToString()).Order());
        Assert.True(node.Control.Connections > 3);
    }

    [Fact]
    public async Task Invocations_while_the_control_plane_is_away_arrive_when_it_is_back()
    {
        await using var node = await TestNode.StartAsync();
        await node.DeployAsync("f", Function);
        await node.Control.StopAsync();
        for (var i = 0; i < 200; i++)
            Assert.Equal(200, (await node.InvokeAsync("f")).Status);
        Assert.Empty(node.Control.Ledger);
        await node.Control.StartAsync();
        Assert.Equal(200, (await node.LedgerAsync(200)).Count);
    }

    [Fact]
    public async Task An_agent_that_starts_alone_serves_what_it_knew_and_hands_over_what_it_did()
    {
        var data = Directory.CreateTempSubdirectory("hearth-agent-node-").FullName;
        try
        {
            await using (var first = await TestNode.StartAsync(data: data))
            {
                await first.DeployAsync("f", Function);
                Assert.Equal(200, (await first.InvokeAsync("f")).Status);
            }
            await using var second = await TestNode.StartAsync(data: data, control: false);
            Assert.Equal(200, (await second.InvokeAsync("f")).Status);
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Join(data, "agent", "snapshot.pb")));
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Path.Join(data, "agent")));
            await second.Control.StartAsync();
            // Its first record was acknowledged before; at most the rest of the segment is sent again.
            await Eventually.True(() => second.Control.Ledger.Count == 2);
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }
}
