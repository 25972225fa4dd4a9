using Hearth.Bench.Load.Node;
using Hearth.Bench.Load.Reporting;

namespace Hearth.Bench.Load.Invocations;

/// <summary>Invocations of a real node, cold and warm, beside a raw Kestrel echo and a bare pipe in the same run. Every answer's body is checked, and the ledger at the end.</summary>
internal sealed class InvokePart : IPart
{
    private const int Many = 16;
    private const string Sent = "first byte of the request sent", Read = "last byte of the answer read";
    private static readonly double[] Shares = [0.25, 0.5];

    public string Name => "invoke";

    public async Task<IReadOnlyList<Row>> RunAsync(BenchContext context)
    {
        BenchContext.NeedRoot(Name);
        List<Row> rows;
        var node = await BenchNode.StartAsync(context);
        await using (node)
        {
            var cold = await new ColdStarts(node, Name, context.Quick, context.Cancelled).MeasureAsync();
            foreach (var language in Language.All)
                await node.DeployAsync(Warm(language), language, "warm", timeoutSeconds: 30, context.Cancelled);
            using var kestrel = new KestrelPeer(context.Groups);
            List<(string Name, string Reason)> absent = [];
            var peers = ServerPeer.StartAll(context.Groups, absent);
            try
            {
                rows = [.. cold, .. await WarmAsync(context, node, kestrel, peers), .. absent.Select(peer => new Row { Part = Name, Name = peer.Name, From = Sent, To = Read, Unit = "us", Note = $"not measured: {peer.Reason}" })];
            }
            finally
            {
                peers.ForEach(static peer => peer.Dispose());
            }
        }

        node.CheckNothingLeft();
        return rows;
    }

    private async Task<List<Row>> WarmAsync(BenchContext context, BenchNode node, KestrelPeer kestrel, List<ServerPeer> peers)
    {
        var (rounds, warmUp, time) = context.Quick ? (1, TimeSpan.FromSeconds(0.3), TimeSpan.FromSeconds(1.2)) : (3, TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(3));
        List<WarmCell> cells = [];
        try
        {
            foreach (var connections in (int[])[1, Many])
            {
                cells.Add(Kestrel($"raw Kestrel echo, {Text(connections)}", kestrel, connections));
                cells.AddRange(peers.Select(peer => Server(peer, connections)));
                cells.AddRange(Language.All.Select(language => Http($"warm {language.Name}, HTTP, {Text(connections)}", node, language, connections)));
                cells.Add(Grpc(node, Language.All[0], connections));
            }

            cells.Add(new WarmCell("bare pipe echo, two processes", "256 bytes written", "256 bytes read", [new PipeCaller()], static () => null, null));
            // Every connection has its instance before anything counts.
            foreach (var cell in cells.Where(static cell => cell.Connections == Many))
                await Task.Run(() => cell.WarmUp(context.Quick ? TimeSpan.FromSeconds(3) : TimeSpan.FromSeconds(6), context.Cancelled));
            for (var round = 0; round < rounds; round++)
            {
                for (var i = 0; i < cells.Count; i++)
                {
                    var cell = cells[(i + (round * 3)) % cells.Count];
                    await Task.Run(() => cell.Closed(warmUp, time, context.Cancelled));
                }
            }

            var closed = cells.ConvertAll(cell => cell.Row(Name));
            var constant = await ConstantAsync(context, node, kestrel, cells, rounds, time);
            await CheckLedgerAsync(node, cells, context.Cancelled);
            return [.. closed.Select(row => row.RelativeTo(closed.Find(reference => reference.Name == Reference(row.Name)), byRate: row.Name.Contains($"{Many} ", StringComparison.Ordinal))), .. constant];
        }
        finally
        {
            cells.ForEach(static cell => cell.Dispose());
        }
    }

    /// <summary>A quarter and a half of what Python took with 16 connections; the Kestrel echo at the same rates shows what the client and the machine add by themselves.</summary>
    private async Task<List<Row>> ConstantAsync(BenchContext context, BenchNode node, KestrelPeer kestrel, List<WarmCell> cells, int rounds, TimeSpan time)
    {
        var full = cells.Single(static cell => cell.Name == $"warm python, HTTP, {Text(Many)}").PerSecond;
        List<Row> rows = [];
        foreach (var rate in Shares.Select(share => Math.Max(10, Math.Round(full * share))))
        {
            const string Due = "the moment the call was due";
            var echo = new WarmCell($"raw Kestrel echo, constant {rate:0}/s", Due, Read, Callers(Many, () => new HttpCaller(kestrel.Endpoint, "/", Language.Payload, Language.Payload)), kestrel.CpuNanos, "the Kestrel process");
            var python = new WarmCell($"warm python, HTTP, constant {rate:0}/s", Due, Read, Callers(Many, () => Caller(node, Language.All[0])), node.CpuNanos, "the whole node with its sandboxes");
            cells.AddRange([echo, python]);
            for (var round = 0; round < rounds; round++)
            {
                await Task.Run(() => echo.Constant(rate, time, context.Cancelled));
                await Task.Run(() => python.Constant(rate, time, context.Cancelled));
            }

            rows.AddRange([echo.Row(Name), python.Row(Name).RelativeTo(echo.Row(Name))]);
        }

        return rows;
    }

    /// <summary>Metering was on: the ledger has each call that was answered, and no other.</summary>
    private static async Task CheckLedgerAsync(BenchNode node, List<WarmCell> cells, CancellationToken cancelled)
    {
        foreach (var language in Language.All)
        {
            var sent = cells.Where(cell => cell.Name.StartsWith($"warm {language.Name},", StringComparison.Ordinal)).Sum(static cell => cell.Sent);
            var usage = (Requests: -1L, ColdStarts: 0L, Errors: 0L);
            try
            {
                await Deployment.UntilAsync("the ledger", async () => (usage = await node.UsageAsync(Warm(language), cancelled)).Requests == sent, cancelled);
            }
            catch (BenchException)
            {
                throw new BenchException($"{sent} calls of {Warm(language)} were answered; the ledger has {usage.Requests}");
            }

            if (usage.Errors > 0)
                throw new BenchException($"the ledger has {usage.Errors} errors of {Warm(language)}");
        }
    }

    private static WarmCell Kestrel(string name, KestrelPeer kestrel, int connections) =>
        new(name, Sent, Read, Callers(connections, () => new HttpCaller(kestrel.Endpoint, "/", Language.Payload, Language.Payload)), kestrel.CpuNanos, "the Kestrel process");

    private static WarmCell Server(ServerPeer peer, int connections) => new(
        $"{peer.Name}, HTTP, {Text(connections)}", Sent, Read, Callers(connections, () => new HttpCaller(peer.Endpoint, "/", Language.Payload, peer.Answer)), peer.CpuNanos, "all its processes");

    private static WarmCell Http(string name, BenchNode node, Language language, int connections) =>
        new(name, Sent, Read, Callers(connections, () => Caller(node, language)), node.CpuNanos, "the whole node with its sandboxes");

    private static WarmCell Grpc(BenchNode node, Language language, int callers) => new(
        $"warm {language.Name}, gRPC, {Text(callers).Replace("connection", "caller", StringComparison.Ordinal)}", "call of the generated client", "return, through the control plane and its Unix socket",
        Callers(callers, () => new GrpcCaller(node.Functions, Warm(language), Language.Payload, language.Answer)), node.CpuNanos, "the whole node with its sandboxes");

    private static HttpCaller Caller(BenchNode node, Language language) => new(node.Endpoint, $"/2015-03-31/functions/{Warm(language)}/invocations", Language.Payload, language.Answer);

    private static List<ICaller> Callers(int count, Func<ICaller> make)
    {
        List<ICaller> made = [];
        try
        {
            for (var i = 0; i < count; i++)
                made.Add(make());
            return made;
        }
        catch
        {
            made.ForEach(static caller => caller.Dispose());
            throw;
        }
    }

    private static string Reference(string row) => row.Contains($"{Many} ", StringComparison.Ordinal) ? $"raw Kestrel echo, {Text(Many)}" : $"raw Kestrel echo, {Text(1)}";

    private static string Warm(Language language) => $"warm-{language.Name}";

    private static string Text(int connections) => connections == 1 ? "1 connection" : $"{connections} connections";
}
