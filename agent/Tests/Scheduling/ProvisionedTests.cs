using Hearth.Agent.Tests.Fakes;
using Hearth.Contracts.V1;
using Xunit;

namespace Hearth.Agent.Tests.Scheduling;

/// <summary>Provisioned concurrency: initialised instances that are there before anybody asks, and stay.</summary>
public sealed class ProvisionedTests
{
    private const string Tell = """
        import os, time
        def handler(event, context):
            time.sleep(0.3)
            while "go" in event and not os.path.exists(event["go"]):
                time.sleep(0.005)
            return [os.environ['AWS_LAMBDA_INITIALIZATION_TYPE'], os.getpid()]

        """;

    [Fact]
    public async Task They_start_before_anybody_asks_serve_first_and_are_not_evicted()
    {
        await using var node = await TestNode.StartAsync(o => o with { IdleTimeout = TimeSpan.FromMilliseconds(100) });
        var spec = await node.DeployAsync("f", Tell);
        Provision(node, spec, 3);
        await Eventually.True(() => State(node) is { Allocated: 3, Available: 3, Failed: false });
        var answers = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => node.InvokeAsync("f", "{}", ("X-Amz-Log-Type", "Tail"))));
        Assert.All(answers, a => Assert.StartsWith("[\"provisioned-concurrency\", ", a.Text, StringComparison.Ordinal));
        // Their init is nobody's: no invocation waited for it.
        Assert.All(answers, a => Assert.DoesNotContain("Init Duration", a.Log, StringComparison.Ordinal));
        Assert.Equal(3, answers.Select(a => a.Text).Distinct().Count());
        Assert.Equal(3, node.Spawner.All.Count);

        // A fourth is started on demand, and goes when nobody uses it; the three stay.
        // The others are held until it is: on a busy machine one of them may be done sooner than a start is expected to take.
        var go = Path.Join(node.Data, "go");
        var four = Enumerable.Range(0, 4).Select(_ => node.InvokeAsync("f", $$"""{"go":"{{go}}"}""")).ToArray();
        await Eventually.True(() => node.Agent.Scheduler.Describe("f").Count(i => i.State == "busy") == 4);
        File.WriteAllText(go, "");
        answers = await Task.WhenAll(four);
        Assert.Single(answers, a => a.Text.StartsWith("[\"on-demand\", ", StringComparison.Ordinal));
        await Eventually.True(() => node.Spawner.Alive.Count == 3);
        await Task.Delay(1_500, TestContext.Current.CancellationToken);
        Assert.Equal(3, node.Spawner.Alive.Count);

        // One that dies is replaced.
        System.Diagnostics.Process.GetProcessById(node.Spawner.Alive.First().ProcessId).Kill();
        await Eventually.True(() => State(node) is { Available: 3 } && node.Spawner.Alive.Count == 3);

        Provision(node, spec, 0);
        await Eventually.True(() => node.Spawner.Alive.Count == 0);
        Assert.Null(State(node));
    }

    [Fact]
    public async Task An_init_that_fails_is_said_and_tried_again()
    {
        await using var node = await TestNode.StartAsync();
        var marker = Path.Combine(node.Data, "works");
        var spec = await node.DeployAsync("f", $"import os\nif not os.path.exists('{marker}'):\n    raise ValueError('not yet')\n{Tell}");
        Provision(node, spec, 1);
        await Eventually.True(() => State(node) is { Available: 0, Failed: true });
        await File.WriteAllTextAsync(marker, "", TestContext.Current.CancellationToken);
        await Eventually.True(() => State(node) is { Available: 1, Failed: false });
    }

    private static ProvisionedState? State(TestNode node) => node.Agent.Scheduler.DescribeCapacity().Provisioned.SingleOrDefault();

    private static void Provision(TestNode node, FunctionSpec spec, int count)
    {
        var changed = spec.Clone();
        changed.ProvisionedConcurrency = count;
        node.Control.Put(changed);
    }
}
