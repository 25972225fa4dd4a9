using Hearth.Bench.Load.Invocations;
using Hearth.Bench.Load.Node;
using Hearth.Bench.Load.Reporting;

namespace Hearth.Bench.Load.Asynchronous;

/// <summary>Event invocations of a real node: how many it accepts, each after its commit, while it runs what it has accepted; and how fast it works off the rest.</summary>
internal sealed class AsyncPart : IPart
{
    private const int Connections = 64, SynchronousConnections = 16;
    private const string Sent = "first byte of the request sent", Read = "last byte of the answer read", Function = "async-python";

    public string Name => "async";

    public async Task<IReadOnlyList<Row>> RunAsync(BenchContext context)
    {
        BenchContext.NeedRoot(Name);
        List<Row> rows;
        var node = await BenchNode.StartAsync(context);
        await using (node)
        {
            await node.DeployAsync(Function, Language.All[0], "async", timeoutSeconds: 30, context.Cancelled);
            using var kestrel = new KestrelPeer(context.Groups);
            rows = [DiskCommits.Measure(Name, context.Quick, context.Cancelled), .. await MeasureAsync(context, node, kestrel)];
        }

        node.CheckNothingLeft();
        return rows;
    }

    private async Task<List<Row>> MeasureAsync(BenchContext context, BenchNode node, KestrelPeer kestrel)
    {
        var (rounds, warmUp, time) = context.Quick ? (1, TimeSpan.FromSeconds(0.3), TimeSpan.FromSeconds(1.5)) : (3, TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(3));
        var path = $"/2015-03-31/functions/{Function}/invocations";
        var language = Language.All[0];
        var synchronous = new WarmCell($"the same function, synchronously, {SynchronousConnections} connections", Sent, Read,
            Callers(SynchronousConnections, () => new HttpCaller(node.Endpoint, path, Language.Payload, language.Answer)), node.CpuNanos, "the whole node with its sandboxes");
        List<EventCell> events = [];
        List<WarmCell> echoes = [];
        try
        {
            foreach (var bytes in (int[])[256, 4096])
            {
                var payload = Language.PayloadOf(bytes);
                echoes.Add(new WarmCell($"raw Kestrel echo, {bytes} B, {Connections} connections", Sent, Read,
                    Callers(Connections, () => new HttpCaller(kestrel.Endpoint, "/", payload, payload)), kestrel.CpuNanos, "the Kestrel process"));
                var accepted = new WarmCell($"Event accepted, {bytes} B, {Connections} connections", Sent, "last byte of the 202 read, after the event's commit, while accepted ones run",
                    Callers(Connections, () => new HttpCaller(node.Endpoint, path, payload, null)), node.CpuNanos, "the whole node with its sandboxes, per event accepted: most of it runs events");
                events.Add(new EventCell(accepted, $"worked off after the load, {bytes} B", node, Function));
            }

            await Task.Run(() => synchronous.WarmUp(context.Quick ? TimeSpan.FromSeconds(2) : TimeSpan.FromSeconds(4), context.Cancelled));
            foreach (var cell in events)
                await cell.WarmUpAsync(TimeSpan.FromSeconds(1), context.Cancelled);
            for (var round = 0; round < rounds; round++)
            {
                for (var i = 0; i < events.Count; i++)
                {
                    await Task.Run(() => echoes[i].Closed(warmUp, time, context.Cancelled));
                    await events[i].ClosedAsync(warmUp, time, context.Cancelled);
                }

                await Task.Run(() => synchronous.Closed(warmUp, time, context.Cancelled));
            }

            await CheckLedgerAsync(node, events.Sum(static cell => cell.Accepted.Sent) + synchronous.Sent, context.Cancelled);
            var direct = synchronous.Row(Name);
            return [direct, .. events.SelectMany((cell, i) =>
            {
                var echo = echoes[i].Row(Name);
                return (Row[])[echo, cell.Accepted.Row(Name).RelativeTo(echo, byRate: true), cell.WorkedOff(Name).RelativeTo(direct, byRate: true)];
            })];
        }
        finally
        {
            synchronous.Dispose();
            echoes.ForEach(static cell => cell.Dispose());
            events.ForEach(static cell => cell.Accepted.Dispose());
        }
    }

    /// <summary>Each event that was accepted has run, and none of them twice.</summary>
    private static async Task CheckLedgerAsync(BenchNode node, long sent, CancellationToken cancelled)
    {
        var usage = (Requests: -1L, ColdStarts: 0L, Errors: 0L);
        try
        {
            await Deployment.UntilAsync("the ledger", async () => (usage = await node.UsageAsync(Function, cancelled)).Requests == sent, cancelled);
        }
        catch (BenchException)
        {
            throw new BenchException($"{sent} events and calls were accepted; the ledger has {usage.Requests}");
        }

        if (usage.Errors > 0)
            throw new BenchException($"the ledger has {usage.Errors} errors");
    }

    private static List<ICaller> Callers(int count, Func<ICaller> make) => [.. Enumerable.Range(0, count).Select(_ => make())];
}
