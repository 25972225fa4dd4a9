using Hearth.Agent.Scheduling;
using Hearth.Agent.Tests.Fakes;
using Hearth.Contracts.V1;
using Xunit;

namespace Hearth.Agent.Tests.Scheduling;

public sealed class SchedulerTests
{
    private const string Pid = "import os\ndef handler(event, context):\n    return os.getpid()\n";

    private const string Gate = """
        import os, time
        def handler(event, context):
            open(event["began"] + str(os.getpid()), "w").close()
            while not os.path.exists(event["go"]):
                time.sleep(0.005)
            return os.getpid()
        """;

    [Fact]
    public async Task A_second_event_finds_the_first_ones_instance()
    {
        await using var node = await TestNode.StartAsync();
        await node.DeployAsync("pid", Pid);
        var first = await node.InvokeAsync("pid");
        var second = await node.InvokeAsync("pid");
        Assert.Equal((200, "$LATEST", null), (first.Status, first.Version, first.FunctionError));
        Assert.Equal(first.Text, second.Text);
        Assert.Single(node.Spawner.All);
        Assert.NotEqual(first.RequestId, second.RequestId);
        var ledger = await node.LedgerAsync(2);
        Assert.Equal([true, false], ledger.OrderBy(r => r.StartUnixMs).ThenByDescending(r => r.InitUs).Select(r => r.InitUs > 0));
    }

    [Fact]
    public async Task Events_at_once_get_an_instance_each_and_the_newest_idle_one_serves_next()
    {
        await using var node = await TestNode.StartAsync();
        await node.DeployAsync("gate", Gate);
        var go = Path.Join(node.Data, "go");
        var payload = $$"""{"began":"{{node.Data}}/began","go":"{{go}}"}""";
        var running = Enumerable.Range(0, 3).Select(_ => node.InvokeAsync("gate", payload)).ToArray();
        await Eventually.True(() => Directory.GetFiles(node.Data, "began*").Length == 3);
        File.WriteAllText(go, "");
        var pids = (await Task.WhenAll(running)).Select(a => a.Text).ToList();
        Assert.Equal(3, pids.Distinct().Count());
        Assert.Equal(3, node.Spawner.All.Count);
        var next = (await node.InvokeAsync("gate", payload)).Text;
        for (var i = 0; i < 5; i++)
            Assert.Equal(next, (await node.InvokeAsync("gate", payload)).Text);
        Assert.Equal(3, node.Spawner.All.Count);
    }

    [Fact]
    public async Task An_event_waits_for_a_fast_instance_rather_than_for_a_slow_start_but_not_longer_than_that()
    {
        await using var node = await TestNode.StartAsync();
        await node.DeployAsync("slow", "import time\ntime.sleep(4)\n" + Gate);
        var go = Path.Join(node.Data, "go");
        var quick = $$"""{"began":"{{node.Data}}/quick","go":"/"}""";
        var held = $$"""{"began":"{{node.Data}}/held","go":"{{go}}"}""";
        var pid = (await node.InvokeAsync("slow", quick)).Text;
        for (var i = 0; i < 10; i++)
            await node.InvokeAsync("slow", quick);

        var first = node.InvokeAsync("slow", held);
        await Eventually.True(() => Directory.GetFiles(node.Data, "held*").Length == 1);
        var behind = node.InvokeAsync("slow", quick);
        File.WriteAllText(go, "");
        Assert.Equal([pid, pid], [(await first).Text, (await behind).Text]);
        Assert.Single(node.Spawner.All);

        // Now the one in front takes longer than such events do.
        File.Delete(go);
        File.Delete(Assert.Single(Directory.GetFiles(node.Data, "held*")));
        first = node.InvokeAsync("slow", held);
        await Eventually.True(() => Directory.GetFiles(node.Data, "held*").Length == 1);
        Assert.NotEqual(pid, (await node.InvokeAsync("slow", quick)).Text);
        Assert.False(first.IsCompleted);
        File.WriteAllText(go, "");
        Assert.Equal(pid, (await first).Text);
    }

    /// <summary>Each of them would rather wait than start; together they have waited for a start soon.</summary>
    [Fact]
    public async Task Constant_load_scales_out_though_no_single_event_would_start_an_instance()
    {
        await using var node = await TestNode.StartAsync();
        await node.DeployAsync("f", "import os, time\ntime.sleep(2)\ndef handler(event, context):\n    time.sleep(0.05)\n    return os.getpid()\n");
        await node.InvokeAsync("f");
        await node.InvokeAsync("f");
        var until = new CancellationTokenSource();
        var clients = Enumerable.Range(0, 4).Select(async _ =>
        {
            while (!until.IsCancellationRequested)
                Assert.Equal(200, (await node.InvokeAsync("f")).Status);
        }).ToArray();
        await Eventually.True(() => node.Spawner.All.Count >= 3);
        until.Cancel();
        await Task.WhenAll(clients);
    }

    [Fact]
    public async Task Who_waits_for_a_busy_instance_has_a_start_before_its_time_is_over()
    {
        await using var node = await TestNode.StartAsync();
        await node.DeployAsync("f", "import time\ntime.sleep(6)\n" + Gate, timeout: 4);
        var go = Path.Join(node.Data, "go");
        var quick = $$"""{"began":"{{node.Data}}/quick","go":"/"}""";
        var held = $$"""{"began":"{{node.Data}}/held","go":"{{go}}"}""";
        await node.InvokeAsync("f", quick);
        await node.InvokeAsync("f", quick);
        var first = node.InvokeAsync("f", held);
        await Eventually.True(() => Directory.GetFiles(node.Data, "held*").Length == 1);
        var behind = node.InvokeAsync("f", quick);
        Assert.Equal(200, (await behind).Status);
        await first;
    }

    [Fact]
    public async Task Many_more_than_may_start_at_the_same_time_are_all_answered()
    {
        await using var node = await TestNode.StartAsync();
        await node.DeployAsync("f", "import time\ndef handler(event, context):\n    time.sleep(0.2)\n    return event\n");
        var count = 20 * Environment.ProcessorCount;
        var answers = await Task.WhenAll(Enumerable.Range(0, count).Select(i => node.InvokeAsync("f", $"{i}")));
        Assert.Equal(Enumerable.Range(0, count).Select(i => $"{i}"), answers.Select(a => a.Text));
    }

    [Fact]
    public void As_many_start_as_there_are_slots_until_one_is_up_or_has_taken_long()
    {
        var time = new ManualTime();
        var up = new HashSet<int>();
        var slots = new StartSlots<int>(2, static _ => TimeSpan.FromSeconds(1), i => !up.Contains(i), time);
        Take(1);
        time.Advance(TimeSpan.FromMilliseconds(600));
        Take(2);
        Assert.False(slots.Refused);
        Assert.False(slots.IsFree());
        Assert.True(slots.Refused);
        up.Add(2);
        Take(3);
        Assert.False(slots.IsFree());
        time.Advance(TimeSpan.FromMilliseconds(500));
        Take(4);
        Assert.False(slots.IsFree());

        void Take(int starter)
        {
            Assert.True(slots.IsFree());
            slots.Take(starter);
        }
    }

    [Fact]
    public async Task Idle_instances_are_frozen_and_thawed_for_the_next_event()
    {
        await using var node = await TestNode.StartAsync();
        await node.DeployAsync("pid", Pid);
        var first = await node.InvokeAsync("pid");
        var sandbox = Assert.Single(node.Spawner.All);
        await Eventually.True(() => sandbox.Freezes == 1);
        Assert.Equal("frozen", Assert.Single(node.Agent.Scheduler.Describe("pid")).State);
        Assert.Equal(first.Text, (await node.InvokeAsync("pid")).Text);
        Assert.Equal(1, sandbox.Thaws);
    }

    [Fact]
    public async Task Idle_instances_end_after_the_idle_time()
    {
        await using var node = await TestNode.StartAsync(o => o with { IdleTimeout = TimeSpan.FromMilliseconds(300) });
        await node.DeployAsync("pid", Pid);
        await node.InvokeAsync("pid");
        await Eventually.True(() => node.Spawner.Alive.Count == 0);
        Assert.Equal(200, (await node.InvokeAsync("pid")).Status);
        Assert.Equal(2, node.Spawner.All.Count);
    }

    [Fact]
    public async Task A_full_budget_evicts_the_instance_of_another_function_that_is_worth_least()
    {
        await using var node = await TestNode.StartAsync(o => o with { MemoryBudgetMb = 300 });
        foreach (var name in (string[])["b", "c"])
            await node.DeployAsync(name, Pid);
        // Far more often than their starts could differ by, as a start counts for a second at most; it is idle for longer than the other all the same.
        await node.DeployAsync("a", "import time\ntime.sleep(0.3)\n" + Pid);
        for (var i = 0; i < 200; i++)
            await node.InvokeAsync("a");
        await node.InvokeAsync("b");
        Assert.Equal(200, (await node.InvokeAsync("c")).Status);
        await Eventually.True(() => node.Spawner.Alive.Count == 2);
        Assert.Empty(node.Agent.Scheduler.Describe("b"));
        Assert.Single(node.Agent.Scheduler.Describe("a"));
    }

    [Fact]
    public async Task When_nothing_can_be_evicted_the_event_waits_and_is_throttled_at_its_time_limit()
    {
        await using var node = await TestNode.StartAsync(o => o with { MemoryBudgetMb = 128 });
        await node.DeployAsync("gate", Gate);
        await node.DeployAsync("pid", Pid, timeout: 1);
        await node.DeployAsync("patient", Pid, timeout: 60);
        var go = Path.Join(node.Data, "go");
        var running = node.InvokeAsync("gate", $$"""{"began":"{{node.Data}}/began","go":"{{go}}"}""");
        await Eventually.True(() => Directory.GetFiles(node.Data, "began*").Length == 1);
        var throttled = await node.InvokeAsync("pid");
        Assert.Equal((429, "TooManyRequestsException"), (throttled.Status, throttled.ErrorType));
        Assert.Contains("\"Reason\":\"ConcurrentInvocationLimitExceeded\"", throttled.Text);
        var waiting = node.InvokeAsync("patient");
        File.WriteAllText(go, "");
        Assert.Equal(200, (await running).Status);
        Assert.Equal(200, (await waiting).Status);
    }

    [Fact]
    public async Task A_function_larger_than_the_budget_is_told_so_at_once()
    {
        await using var node = await TestNode.StartAsync(o => o with { MemoryBudgetMb = 128 });
        await node.DeployAsync("big", Pid, memory: 129);
        var answer = await node.InvokeAsync("big");
        Assert.Equal(500, answer.Status);
        Assert.Contains("--memory-budget-mb", answer.Text);
    }

    [Fact]
    public async Task Over_the_concurrency_cap_is_429()
    {
        await using var node = await TestNode.StartAsync(o => o with { MaxConcurrency = 1 });
        await node.DeployAsync("gate", Gate);
        var go = Path.Join(node.Data, "go");
        var payload = $$"""{"began":"{{node.Data}}/began","go":"{{go}}"}""";
        var running = node.InvokeAsync("gate", payload);
        await Eventually.True(() => Directory.GetFiles(node.Data, "began*").Length == 1);
        Assert.Equal(429, (await node.InvokeAsync("gate", payload)).Status);
        File.WriteAllText(go, "");
        Assert.Equal(200, (await running).Status);
        Assert.Equal(200, (await node.InvokeAsync("gate", payload)).Status);
    }

    [Fact]
    public async Task A_new_revision_ends_the_old_instances_and_a_deleted_function_is_not_found()
    {
        await using var node = await TestNode.StartAsync();
        await node.DeployAsync("f", "def handler(event, context):\n    return 'old'\n");
        Assert.Equal("\"old\"", (await node.InvokeAsync("f")).Text);
        await node.DeployAsync("f", "def handler(event, context):\n    return 'new'\n");
        Assert.Equal("\"new\"", (await node.InvokeAsync("f")).Text);
        await Eventually.True(() => node.Spawner.Alive.Count == 1);
        node.Control.Remove("f");
        await Eventually.True(() => node.Spawner.Alive.Count == 0);
        Assert.Equal(404, (await node.InvokeAsync("f")).Status);
    }

    [Fact]
    public async Task A_caller_that_leaves_does_not_stop_its_invocation()
    {
        await using var node = await TestNode.StartAsync();
        await node.DeployAsync("gate", Gate);
        var go = Path.Join(node.Data, "go");
        using var leave = new CancellationTokenSource();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/2015-03-31/functions/gate/invocations")
        {
            Content = new StringContent($$"""{"began":"{{node.Data}}/began","go":"{{go}}"}"""),
        };
        var running = node.Http.SendAsync(request, leave.Token);
        await Eventually.True(() => Directory.GetFiles(node.Data, "began*").Length == 1);
        await leave.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        File.WriteAllText(go, "");
        var record = Assert.Single(await node.LedgerAsync(1));
        Assert.Equal(InvocationStatus.Success, (InvocationStatus)record.Status);
    }
}
