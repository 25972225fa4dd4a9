using System.Text.RegularExpressions;
using Hearth.Agent.Reporting.Logs;
using Hearth.Agent.Tests.Fakes;
using Hearth.Contracts.V1;
using Xunit;

namespace Hearth.Agent.Tests.Invocations;

public sealed partial class LogTests
{
    [Fact]
    public async Task The_tail_is_the_log_of_one_invocation_in_Lambdas_lines()
    {
        await using var node = await TestNode.StartAsync();
        await node.DeployAsync("logs", "def handler(event, context):\n    print('one')\n    print('two')\n");
        var cold = await node.InvokeAsync("logs", "{}", ("X-Amz-Log-Type", "Tail"));
        var id = cold.RequestId!;
        Assert.Matches(
            $"^START RequestId: {id} Version: \\$LATEST\none\ntwo\nEND RequestId: {id}\nREPORT RequestId: {id}\tDuration: \\d+\\.\\d\\d ms\tBilled Duration: \\d+ ms\tMemory Size: 128 MB\tMax Memory Used: \\d+ MB\tInit Duration: \\d+\\.\\d\\d ms\t\n$",
            cold.Log);
        var warm = await node.InvokeAsync("logs", "{}", ("X-Amz-Log-Type", "Tail"));
        Assert.EndsWith(" MB\t\n", warm.Log);
        Assert.DoesNotContain("Init Duration", warm.Log);
        Assert.Null((await node.InvokeAsync("logs")).LogResult);
        var report = Billed().Match(cold.Log);
        var record = (await node.LedgerAsync(3)).Single(r => new Guid(r.RequestId.Span, bigEndian: true).ToString() == id);
        Assert.Equal(report.Groups[1].Value, record.BilledMs.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Assert.Equal((record.DurationUs + record.InitUs + 999) / 1000, record.BilledMs);
    }

    [Fact]
    public async Task The_tail_is_at_most_the_last_4_KB()
    {
        await using var node = await TestNode.StartAsync();
        await node.DeployAsync("long", "def handler(event, context):\n    for i in range(1000):\n        print('line', i)\n");
        var answer = await node.InvokeAsync("long", "{}", ("X-Amz-Log-Type", "Tail"));
        Assert.Equal(4096, answer.Log.Length);
        Assert.Contains("line 999\nEND", answer.Log);
    }

    [Fact]
    public async Task Reads_filter_by_request_take_tails_and_follow()
    {
        await using var node = await TestNode.StartAsync();
        await node.DeployAsync("logs", "def handler(event, context):\n    print('says', event['n'])\n");
        var first = await node.InvokeAsync("logs", """{"n":1}""");
        await node.InvokeAsync("logs", """{"n":2}""");
        var all = await node.Control.LogsAsync(new ReadLogsRequest { FunctionName = "logs" });
        Assert.StartsWith("INIT_START Runtime Version: python:3", all[0].Text, StringComparison.Ordinal);
        Assert.EndsWith("\tCold Start Reason: first", all[0].Text, StringComparison.Ordinal);
        Assert.Equal(1 + 4 + 4, all.Count);
        Assert.All(all, l => Assert.Matches(@"^\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}$", l.Stream));
        var one = await node.Control.LogsAsync(new ReadLogsRequest { FunctionName = "logs", RequestId = first.RequestId });
        Assert.Equal([$"START RequestId: {first.RequestId} Version: $LATEST", "says 1"], one.Take(2).Select(l => l.Text));
        Assert.Equal(4, one.Count);
        Assert.Equal(all.TakeLast(3), await node.Control.LogsAsync(new ReadLogsRequest { FunctionName = "logs", Tail = 3 }));
        Assert.Empty(await node.Control.LogsAsync(new ReadLogsRequest { FunctionName = "logs", SinceUnixMs = all[^1].TimeUnixMs + 60_000 }));
        var query = node.Control.Ask(new Query { Logs = new ReadLogsRequest { FunctionName = "logs", Follow = true, Tail = 1 } });
        var lines = node.Control.Results[query];
        await Eventually.True(() => lines.SelectMany(r => r.Lines).Any());
        await node.InvokeAsync("logs", """{"n":3}""");
        await Eventually.True(() => lines.SelectMany(r => r.Lines).Any(l => l.Text == "says 3"));
        node.Control.Cancel(query);
        Assert.DoesNotContain(lines, r => r.Done);
    }

    [Fact]
    public async Task A_hostile_log_request_reads_nothing()
    {
        await using var node = await TestNode.StartAsync();
        var results = node.Control.Results[node.Control.Ask(new Query { Logs = new ReadLogsRequest { FunctionName = "../journal" } })];
        await Eventually.True(() => results.Any(r => r.Error.Length > 0));
    }

    [Fact]
    public async Task A_flood_is_bounded_counted_and_does_not_hurt_the_neighbour()
    {
        await using var node = await TestNode.StartAsync();
        await node.DeployAsync("flood", "import sys\ndef handler(event, context):\n    line = 'x' * 1000\n    for i in range(100000):\n        sys.stdout.write(line + '\\n')\n    return 'done'\n", timeout: 60);
        await node.DeployAsync("good", "def handler(event, context):\n    return 'ok'\n");
        var flooding = node.InvokeAsync("flood");
        for (var i = 0; i < 20; i++)
            Assert.Equal("\"ok\"", (await node.InvokeAsync("good")).Text);
        Assert.Equal("\"done\"", (await flooding).Text);
        var kept = Directory.GetFiles(Path.Join(node.Data, "agent", "logs", "flood"), "*.log").Sum(f => new FileInfo(f).Length);
        Assert.InRange(kept, 1, 70_000_000);
        var last = await node.Control.LogsAsync(new ReadLogsRequest { FunctionName = "flood", Tail = 20 });
        Assert.Contains(last, l => l.Text.StartsWith("REPORT ", StringComparison.Ordinal));
        // On a slow machine many lines may be kept after the last one that was dropped.
        using var all = new LogReader(Path.Join(node.Data, "agent", "logs", "flood"), 0);
        var dropped = false;
        while (!dropped && all.TryRead(out var entry))
            dropped = entry.Text.StartsWith("LOGS_DROPPED ", StringComparison.Ordinal);
        Assert.True(dropped, "of more than may be kept nothing was said to be dropped");
    }

    [Fact]
    public async Task A_line_over_256_KiB_is_split()
    {
        await using var node = await TestNode.StartAsync();
        await node.DeployAsync("wide", "def handler(event, context):\n    print('y' * 600000)\n");
        await node.InvokeAsync("wide");
        var lines = (await node.Control.LogsAsync(new ReadLogsRequest { FunctionName = "wide" })).Where(l => l.Text.StartsWith("yyy", StringComparison.Ordinal)).ToList();
        Assert.Equal([262_144, 262_144, 600_000 - 524_288], lines.Select(l => l.Text.Length));
    }

    [GeneratedRegex(@"Billed Duration: (\d+) ms")]
    private static partial Regex Billed();
}
