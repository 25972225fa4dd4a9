using System.Net;
using Hearth.Agent.Functions;
using Hearth.Agent.Scheduling;
using Hearth.Agent.Tests.Fakes;
using Xunit;

namespace Hearth.Agent.Tests.Scheduling;

/// <summary>What happens between two steps of another thread.</summary>
public sealed class RaceTests
{
    private const string Echo = "def handler(event, context):\n    return event\n";

    [Fact]
    public async Task The_clock_that_looks_while_an_event_is_handed_over_ends_nothing()
    {
        var time = new HookedTime();
        await using var node = await TestNode.StartAsync(time: time);
        await node.DeployAsync("f", Echo);
        Assert.Equal("1", (await node.InvokeAsync("f", "1")).Text);
        // Many ticks of 10 ms, all while the thread that brought the event stands between two of its steps.
        time.Once("BeginInvocation", () => Thread.Sleep(300));
        var answer = await node.InvokeAsync("f", "2");
        Assert.True(time.Happened);
        Assert.Equal((null, "2"), (answer.FunctionError, answer.Text));
        Assert.Equal(0, Assert.Single(node.Spawner.All).Resets);
    }

    [Fact]
    public async Task An_event_whose_body_comes_late_makes_no_pool_of_the_code_of_then()
    {
        await using var node = await TestNode.StartAsync();
        await node.DeployAsync("f", "def handler(event, context):\n    return 'old'\n");
        await node.DeployAsync("gone", Echo);
        using var late = new LateBody();
        using var lost = new LateBody();
        var first = node.SendAsync("f", late);
        var second = node.SendAsync("gone", lost);
        await late.Begun;
        await lost.Begun;
        // The agent has looked the functions up when it waits for the rest of the events.
        await Task.Delay(200, TestContext.Current.CancellationToken);
        await node.DeployAsync("f", "def handler(event, context):\n    return 'new'\n");
        node.Control.Remove("gone");
        await Eventually.True(() => node.Agent.Catalogue.Find("gone", "$LATEST") is null);
        late.Finish();
        lost.Finish();
        Assert.Equal("\"new\"", (await first).Text);
        Assert.Equal("\"new\"", (await node.InvokeAsync("f")).Text);
        Assert.Equal((404, "ResourceNotFoundException"), ((await second).Status, (await second).ErrorType));
    }

    [Fact]
    public async Task An_instance_whose_clock_fails_is_given_up_and_the_others_clocks_go_on()
    {
        var time = new HookedTime();
        await using var node = await TestNode.StartAsync(time: time);
        await node.DeployAsync("f", "import time\ndef handler(event, context):\n    time.sleep(600)\n", timeout: 900);
        await node.DeployAsync("g", "import time\ndef handler(event, context):\n    time.sleep(600)\n", timeout: 1);
        var failing = node.InvokeAsync("f");
        time.Once("IsInvocationLate", () => throw new InvalidOperationException("clock"));
        Assert.NotNull((await failing).FunctionError);
        Assert.Contains("Task timed out after 1.00 seconds", (await node.InvokeAsync("g")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Callers_who_leave_do_not_fill_the_queue()
    {
        await using var node = await TestNode.StartAsync();
        await node.DeployAsync("f", Echo);
        var function = node.Agent.Catalogue.Find("f", "$LATEST")!;
        var pool = new FunctionPool(function, new FunctionUse());
        var stays = Add();
        for (var i = 0; i < 10_000; i++)
            Assert.True(pool.Abandon(Add()));
        Assert.InRange(pool.Held, 1, 100);
        Assert.Same(stays, pool.Dequeue());
        Assert.Null(pool.Dequeue());

        Invocation Add()
        {
            var invocation = new Invocation(function, Guid.NewGuid(), default) { InvokedArn = "" };
            pool.Enqueue(invocation);
            return invocation;
        }
    }

    [Fact]
    public async Task More_functions_than_the_link_holds_messages_are_all_reported()
    {
        const int Count = 1_500;
        await using var node = await TestNode.StartAsync();
        var spec = await node.DeployAsync("f", Echo);
        await node.Control.StopAsync();
        for (var i = 0; i < Count; i++)
        {
            var one = spec.Clone();
            one.FunctionName = $"f{i}";
            one.RevisionId = $"revision-{i}";
            node.Control.Put(one);
        }
        await node.Control.StartAsync();
        await Eventually.True(() => node.Control.Ready.Select(r => r.RevisionId).Where(r => r.StartsWith("revision-", StringComparison.Ordinal)).Distinct().Count() == Count);
    }

    /// <summary>An event of which the last byte comes when the test says so.</summary>
    private sealed class LateBody : HttpContent
    {
        private readonly TaskCompletionSource _begun = new(), _finish = new();

        public Task Begun => _begun.Task;

        public void Finish() => _finish.TrySetResult();

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync("\"a"u8.ToArray());
            await stream.FlushAsync();
            _begun.TrySetResult();
            await _finish.Task;
            await stream.WriteAsync("\""u8.ToArray());
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 3;
            return true;
        }
    }
}
