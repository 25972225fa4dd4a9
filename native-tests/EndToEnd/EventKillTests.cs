using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Text.Json.Nodes;
using Hearth.NativeTests.Harness;
using Xunit;

namespace Hearth.NativeTests.EndToEnd;

/// <summary>
/// Control plane, agent and spawner are killed at random moments while events come in, run, fail and are retried. Afterwards every event that was answered 202 has
/// run to its end or lies in a dead letter. That it ran is shown by its destination: a function that always fails, so that each record which it gets, with the
/// request id that the handler itself saw, is kept. HEARTH_EVENT_KILLS sets the number of kills.
/// </summary>
[Collection(EndToEndCollection.Name)]
public sealed class EventKillTests
{
    private const int Clients = 3;
    private static readonly string[] s_programs = ["hearth-control-plane", "hearth-agent", "hearth-spawner"];

    private const string ReadLetters = """
        import json, sqlite3, sys
        database = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True, timeout=30)
        ran, dead, records = set(), set(), 0
        for function, request_id, payload in database.execute("SELECT function_name, request_id, payload FROM dead_letters"):
            if function == "recorder":
                record = json.loads(payload)
                assert record["requestContext"]["condition"] == "Success", record
                assert record["responsePayload"]["ran"] == record["requestContext"]["requestId"], record
                ran.add(record["requestContext"]["requestId"])
                records += 1
            else:
                text = request_id.hex()
                dead.add("-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:])))
        print(json.dumps({"ran": sorted(ran), "dead": sorted(dead), "records": records}))
        """;

    private static int Kills => int.TryParse(Environment.GetEnvironmentVariable("HEARTH_EVENT_KILLS"), out var kills) ? Math.Clamp(kills, 1, 100_000) : 12;

    [Fact]
    public async Task Everything_accepted_has_run_or_is_a_dead_letter()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        await using var node = await EventTests.StartAsync("f", "recorder");
        await node.Client.PutEventConfigAsync("f", maxRetries: 2, onSuccess: EventTests.RecorderArn);
        await node.Client.PutEventConfigAsync("recorder", maxRetries: 0);
        await node.Client.UpdateCodeAsync("recorder", FunctionZip.Of(("handler.py", "def handle(event, context):\n    raise ValueError('kept')\n")));

        var accepted = new ConcurrentQueue<string>();
        long refused = 0;
        using var stop = new CancellationTokenSource();
        var clients = Enumerable.Range(0, Clients).Select(client => Task.Run(async () =>
        {
            for (var i = 0; !stop.IsCancellationRequested; i++)
            {
                try
                {
                    var (status, id, _) = await node.Client.SendEventAsync("f", i % 5 == 4 ? """{"fails":true}""" : "{}").WaitAsync(Patience.Seconds(60));
                    if (status == HttpStatusCode.Accepted)
                        accepted.Enqueue(id);
                    else
                        Interlocked.Increment(ref refused);
                }
                catch (HttpRequestException)
                {
                    Interlocked.Increment(ref refused);
                }

                await Task.Delay(50);
            }
        })).ToArray();
        var killed = new int[s_programs.Length];
        var clock = Stopwatch.StartNew();
        var before = 0;
        for (var kill = 0; kill < Kills;)
        {
            // Without this most kills would meet programs that are not at work yet. Every third still may.
            if (kill % 3 != 2)
                await Patience.UntilAsync("events are accepted again", () => accepted.Count > before, 60);
            await Task.Delay(random.Next(50, 2_000), TestContext.Current.CancellationToken);
            var which = random.Next(s_programs.Length);
            if (node.FindPid(s_programs[which]) is not { } pid)
                continue;
            TestNode.Kill(pid, Native.SigKill);
            before = accepted.Count;
            killed[which]++;
            kill++;
        }

        await stop.CancelAsync();
        await Task.WhenAll(clients);
        var took = clock.Elapsed;
        await Patience.UntilAsync("the queue is worked off", () => IsEmptyAsync(node), 300 + (Kills / 2.0));

        var (code, output) = await Cli.RunAsync(new ProcessStartInfo("/usr/bin/python3", ["-I", "-c", ReadLetters, Path.Combine(node.Data, "control", "queue.db")]));
        Assert.True(code == 0, output);
        var found = JsonNode.Parse(output)!;
        var ran = found["ran"]!.AsArray().Select(id => id!.GetValue<string>()).ToHashSet();
        var dead = found["dead"]!.AsArray().Select(id => id!.GetValue<string>()).ToHashSet();
        var lost = accepted.Where(id => !ran.Contains(id) && !dead.Contains(id)).ToList();
        var summary = $"{killed.Sum()} kills in {took.TotalSeconds:0} s (control plane {killed[0]}, agent {killed[1]}, spawner {killed[2]}), seed {seed}: {accepted.Count} accepted, {refused} not; " +
            $"{accepted.Count(ran.Contains)} ran, {accepted.Count(dead.Contains)} are dead letters, {lost.Count} are lost; {found["records"]!.GetValue<int>() - ran.Count} were told to their destination twice; {await Cli.UsageAsync(node, "f")} tries in the ledger";
        TestContext.Current.TestOutputHelper?.WriteLine(summary);
        Assert.True(lost.Count == 0, $"{summary}\n{string.Join('\n', lost.Take(20))}\n{node.Output}");
        Assert.True(accepted.Count > Kills, summary);
        Assert.NotEmpty(dead);
        Assert.Equal(0, await node.StopAsync());
        await node.AssertNothingLeftAsync();
    }

    private static async Task<bool> IsEmptyAsync(TestNode node)
    {
        var (code, output) = await Cli.RunAsync(node, "queue", "--json");
        return code == 0 && JsonNode.Parse(output)!["Queues"]!.AsArray().Sum(queue => queue!["Waiting"]!.GetValue<long>() + queue["InFlight"]!.GetValue<long>()) == 0;
    }
}
