using Hearth.Agent.Tests.Fakes;
using Hearth.Contracts.V1;
using Xunit;

namespace Hearth.Agent.Tests.Scheduling;

/// <summary>Instances that a node starts before anybody asks.</summary>
public sealed class SpareTests
{
    // Slow enough to start for a spare to be worth it.
    private const string Gate = """
        import os, time
        time.sleep(0.3)
        def handler(event, context):
            open(event["began"] + str(os.getpid()), "w").close()
            while not os.path.exists(event["go"]):
                time.sleep(0.005)
            return os.getpid()
        """;

    [Fact]
    public async Task When_all_instances_of_a_busy_function_are_in_use_the_next_event_finds_one_that_is_initialised()
    {
        await using var node = await TestNode.StartAsync(o => o with { Spares = 16 });
        await node.DeployAsync("f", Gate);
        var (running, go) = await OccupyAsync(node, "f", 3);
        await Eventually.True(() => Spares(node) is [{ State: "idle" or "frozen", Invocations: 0 }]);
        var spare = node.Agent.Scheduler.Describe("f").Single(i => i.StartReason == "spare");
        var next = node.InvokeAsync("f", Event(node, go));
        await Eventually.True(() => Directory.GetFiles(node.Data, "began*").Length == 4);
        Assert.Equal("busy", node.Agent.Scheduler.Describe("f").Single(i => i.InstanceId == spare.InstanceId).State);
        File.WriteAllText(go, "");
        await Task.WhenAll([.. running, next]);
        // Its init is nobody's bill: of four invocations three waited for one.
        Assert.Equal(3, (await node.LedgerAsync(4)).Count(r => r.InitUs > 0));
    }

    [Fact]
    public async Task A_function_that_is_called_every_hour_is_there_at_the_hour_and_not_in_between()
    {
        var time = new LeapTime();
        await using var node = await TestNode.StartAsync(o => o with { Spares = 16 }, time: time);
        await node.DeployAsync("f", "import os\ndef handler(event, context):\n    return os.getpid()\n");
        for (var hour = 0; hour < 4; hour++)
        {
            await node.InvokeAsync("f");
            time.Leap(TimeSpan.FromMinutes(59.2));
            await Eventually.True(() => node.Spawner.Alive.Count == 0);
        }
        // From here on the habit is known: it goes soon, and not after ten minutes.
        await node.InvokeAsync("f");
        time.Leap(TimeSpan.FromMinutes(1));
        await Eventually.True(() => node.Spawner.Alive.Count == 0);
        time.Leap(TimeSpan.FromMinutes(58));
        await Eventually.True(() => node.Agent.Scheduler.Describe("f") is [{ StartReason: "predicted", State: "idle" or "frozen" }]);
        Assert.Equal(200, (await node.InvokeAsync("f")).Status);
        Assert.Equal(6, node.Spawner.All.Count);
        Assert.Equal(5, (await node.LedgerAsync(6)).Count(r => r.InitUs > 0));
    }

    [Fact]
    public async Task None_is_started_when_they_are_switched_off()
    {
        await using var node = await TestNode.StartAsync();
        await node.DeployAsync("f", Gate);
        await SettleAsync(node, "f", 3);
    }

    [Fact]
    public async Task None_is_started_beyond_the_reserved_concurrency()
    {
        await using var node = await TestNode.StartAsync(o => o with { Spares = 16 });
        await node.DeployAsync("f", Gate);
        node.Agent.Scheduler.Reserve("f", 3);
        await SettleAsync(node, "f", 3);
    }

    [Fact]
    public async Task None_takes_the_place_of_what_is_idle()
    {
        // Room for four: three at work and one of another function that rests.
        await using var node = await TestNode.StartAsync(o => o with { Spares = 16, MemoryBudgetMb = 4 * 128 });
        await node.DeployAsync("other", "def handler(event, context):\n    return 1\n");
        await node.DeployAsync("f", Gate);
        await node.InvokeAsync("other");
        await SettleAsync(node, "f", 3);
        Assert.Single(node.Agent.Scheduler.Describe("other"));
    }

    [Fact]
    public async Task None_is_started_of_a_function_whose_init_has_failed()
    {
        await using var node = await TestNode.StartAsync(o => o with { Spares = 16 });
        var broken = Path.Join(node.Data, "broken");
        await node.DeployAsync("f", $"import os\nif os.path.exists('{broken}'):\n    raise ValueError('broken')\n{Gate}");
        var go = Path.Join(node.Data, "go");
        var first = node.InvokeAsync("f", Event(node, go));
        await Eventually.True(() => Directory.GetFiles(node.Data, "began*").Length == 1);
        File.WriteAllText(broken, "");
        for (var i = 0; i < 3; i++)
            Assert.NotNull((await node.InvokeAsync("f", Event(node, go))).FunctionError);
        File.WriteAllText(go, "");
        await first;
        await TwoLooksAsync(node);
        Assert.Empty(Spares(node));
    }

    [Fact]
    public async Task One_that_nobody_needs_goes_and_the_function_scales_to_nothing()
    {
        await using var node = await TestNode.StartAsync(o => o with { Spares = 16, IdleTimeout = TimeSpan.FromMilliseconds(500) });
        await node.DeployAsync("f", Gate);
        var (running, go) = await OccupyAsync(node, "f", 3);
        await Eventually.True(() => node.Agent.Scheduler.DescribeCapacity().Starts.Single(s => s.Reason == "spare").Count > 0);
        File.WriteAllText(go, "");
        await Task.WhenAll(running);
        await Eventually.True(() => node.Spawner.Alive.Count == 0);
    }

    /// <summary>That many at work, and of that function nothing more after the node has looked twice.</summary>
    private static async Task SettleAsync(TestNode node, string function, int count)
    {
        var (running, go) = await OccupyAsync(node, function, count);
        await TwoLooksAsync(node);
        Assert.Empty(Spares(node));
        Assert.Equal(count, node.Agent.Scheduler.Describe(function).Count);
        File.WriteAllText(go, "");
        await Task.WhenAll(running);
    }

    // The node looks once a second, so waiting can only make a spare that should not be there more likely to be seen.
    private static Task TwoLooksAsync(TestNode node) => Task.Delay(TimeSpan.FromSeconds(2.5), TestContext.Current.CancellationToken);

    private static async Task<(Task<Answer>[] Running, string Go)> OccupyAsync(TestNode node, string function, int count)
    {
        var go = Path.Join(node.Data, "go");
        var running = new Task<Answer>[count];
        for (var i = 0; i < count; i++)
        {
            // One after the other: each finds the ones before at work.
            running[i] = node.InvokeAsync(function, Event(node, go));
            await Eventually.True(() => Directory.GetFiles(node.Data, "began*").Length == i + 1);
        }
        return (running, go);
    }

    private static string Event(TestNode node, string go) => $$"""{"began":"{{node.Data}}/began","go":"{{go}}"}""";

    private static List<Instance> Spares(TestNode node) => node.Agent.Scheduler.Describe("f").FindAll(i => i.StartReason == "spare");
}
