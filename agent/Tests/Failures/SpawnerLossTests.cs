using Hearth.Agent.Sandboxes;
using Hearth.Agent.Tests.Fakes;
using Hearth.Contracts.V1;
using Xunit;

namespace Hearth.Agent.Tests.Failures;

public sealed class SpawnerLossTests
{
    private const string Sleeper = "import time\ndef handler(event, context):\n    if event.get('began'):\n        open(event['began'], 'w').close()\n        time.sleep(60)\n    return 1\n";

    [Fact]
    public async Task Callers_in_flight_get_an_error_and_the_next_ones_an_answer_when_it_is_back()
    {
        await using var node = await TestNode.StartAsync();
        await node.DeployAsync("sleeper", Sleeper);
        var began = Path.Join(node.Data, "began");
        var running = node.InvokeAsync("sleeper", $$"""{"began":"{{began}}"}""");
        await Eventually.True(() => File.Exists(began));
        node.Spawner.Die();
        var lost = await running;
        Assert.Equal((500, "ServiceException"), (lost.Status, lost.ErrorType));
        var waiting = node.InvokeAsync("sleeper");
        node.Spawner.IsConnected = true;
        Assert.Equal("1", (await waiting).Text);
        var record = (await node.LedgerAsync(2)).Single(r => (InvocationStatus)r.Status == InvocationStatus.PlatformError);
        Assert.Equal(0, record.BilledMs);
    }

    [Fact]
    public async Task While_it_stays_away_callers_are_told_so()
    {
        await using var node = await TestNode.StartAsync(instances: InstanceSettings.Default with { SpawnerPatience = TimeSpan.FromMilliseconds(100) });
        await node.DeployAsync("sleeper", Sleeper);
        node.Spawner.IsConnected = false;
        var answer = await node.InvokeAsync("sleeper");
        Assert.Equal(503, answer.Status);
        Assert.Contains("spawner", answer.Text);
        using var health = await node.Http.GetAsync(new Uri("/healthz", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Equal(503, (int)health.StatusCode);
    }

    [Fact]
    public async Task A_refused_start_names_its_cause()
    {
        await using var node = await TestNode.StartAsync();
        await node.DeployAsync("sleeper", Sleeper);
        node.Spawner.RefuseStarts = "mount /tmp: No space left on device";
        var answer = await node.InvokeAsync("sleeper");
        Assert.Equal(500, answer.Status);
        Assert.Contains("No space left on device", answer.Text);
        node.Spawner.RefuseStarts = null;
        Assert.Equal("1", (await node.InvokeAsync("sleeper")).Text);
    }
}
