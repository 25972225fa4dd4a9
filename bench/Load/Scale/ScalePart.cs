using System.Net;
using Hearth.Bench.Load.Invocations;
using Hearth.Bench.Load.Measuring;
using Hearth.Bench.Load.Node;
using Hearth.Bench.Load.Processes;
using Hearth.Bench.Load.Reporting;

namespace Hearth.Bench.Load.Scale;

/// <summary>Many functions: hundreds that start at once, each its first instance, and a node that has a thousand when it starts.</summary>
internal sealed class ScalePart : IPart
{
    private const string Watched = "scale-watched";

    public string Name => "scale";

    public async Task<IReadOnlyList<Row>> RunAsync(BenchContext context)
    {
        BenchContext.NeedRoot(Name);
        var (burst, functions, restarts) = context.Quick ? (40, 60, 1) : (500, 1000, 5);
        List<Row> rows = [];
        var node = await BenchNode.StartAsync(context);
        await using (node)
        {
            var language = Language.All[0];
            await node.DeployAsync(Watched, language, "scale", timeoutSeconds: 60, context.Cancelled);
            for (var i = 0; i < functions; i++)
                await node.DeployAsync(NameOf(i), language, "scale", timeoutSeconds: 60, context.Cancelled);
            rows.AddRange(await BurstAsync(context, node, language, burst));
            rows.Add(await RestartAsync(context, node, language, functions + 1, restarts));
        }

        node.CheckNothingLeft();
        return rows;
    }

    private async Task<List<Row>> BurstAsync(BenchContext context, BenchNode node, Language language, int count)
    {
        var bare = Bare(language, Math.Min(count, 200), context.Cancelled);
        using var http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = int.MaxValue }) { BaseAddress = node.Endpoint, Timeout = TimeSpan.FromSeconds(90) };
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.Cancelled);
        using (var first = Caller(node, language, Watched))
            first.Call(0);
        var before = node.CpuNanos();
        var meanwhile = Task.Factory.StartNew(() => Watch(node, language, ended.Token), context.Cancelled, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        var took = new LatencyHistogram();
        var began = Clock.Now;
        var all = await Task.WhenAll(Enumerable.Range(0, count).Select(i => InvokeAsync(http, NameOf(i), context.Cancelled)));
        var nanos = Clock.Now - began;
        await ended.CancelAsync();
        var watched = await meanwhile;
        var cpu = node.CpuNanos() - before;
        foreach (var one in all)
            took.Record(one);
        await Deployment.UntilAsync("the ledger has the burst", async () =>
        {
            var usage = await Task.WhenAll(Enumerable.Range(0, count).Select(i => node.UsageAsync(NameOf(i), context.Cancelled)));
            return usage.All(static row => row is (1, 1, 0));
        }, context.Cancelled);
        return
        [
            bare,
            (Row.OfLatency(Name, $"{count} functions of python invoked for the first time at once", "first of the requests sent", "that one's answer read; the rate: all of them", took) with
            {
                Seconds = nanos / 1e9, PerSecond = count / (nanos / 1e9), CpuMicros = cpu / 1000.0 / count, CpuOf = "the whole node with its sandboxes, per function",
            }).RelativeTo(bare, byRate: true),
            Row.OfLatency(Name, "another function, warm, one call every 10 ms meanwhile", "when the call was due", "last byte of the answer read", watched),
        ];
    }

    /// <summary>As many interpreters at a time as there are processors: what the machine can start when nothing else is to be done.</summary>
    private Row Bare(Language language, int count, CancellationToken cancelled)
    {
        var started = 0;
        using var program = new SpawnedProgram(language.BareCommand);
        var began = Clock.Now;
        Parallel.For(0, Environment.ProcessorCount, new ParallelOptions { CancellationToken = cancelled }, _ =>
        {
            while (Interlocked.Increment(ref started) <= count)
                SpawnedProgram.Wait(program.Start());
        });
        var seconds = (Clock.Now - began) / 1e9;
        return new Row { Part = Name, Name = $"{language.Bare}, {Environment.ProcessorCount} at a time", From = "posix_spawn of the first", To = "the last one reaped", Unit = "us", Count = count, Seconds = seconds, PerSecond = count / seconds };
    }

    private static async Task<long> InvokeAsync(HttpClient http, string name, CancellationToken cancelled)
    {
        using var body = new ByteArrayContent(Language.Payload);
        var began = Clock.Now;
        using var answer = await http.PostAsync(new Uri($"/2015-03-31/functions/{name}/invocations", UriKind.Relative), body, cancelled);
        var text = await answer.Content.ReadAsStringAsync(cancelled);
        if (answer.StatusCode != HttpStatusCode.OK || answer.Headers.Contains("X-Amz-Function-Error"))
            throw new BenchException($"{name} answered {(int)answer.StatusCode}: {text}");
        return Clock.Now - began;
    }

    /// <summary>At a constant rate, each call counted from when it was due.</summary>
    private static LatencyHistogram Watch(BenchNode node, Language language, CancellationToken ended)
    {
        const long every = 10_000_000;
        var seen = new LatencyHistogram();
        using var caller = Caller(node, language, Watched);
        for (var due = Clock.Now; !ended.IsCancellationRequested; due += every)
        {
            if (due - Clock.Now is > 0 and var wait)
                Thread.Sleep(TimeSpan.FromMicroseconds(wait / 1000));
            caller.Call(1);
            seen.Record(Clock.Now - due);
        }

        return seen;
    }

    private async Task<Row> RestartAsync(BenchContext context, BenchNode node, Language language, int functions, int count)
    {
        var took = new LatencyHistogram();
        for (var i = 0; i < count; i++)
            took.Record(await node.RestartAsync(() => Caller(node, language, Watched), context.Cancelled));
        return Row.OfLatency(Name, $"start of a node with {functions} functions", "exec of `hearth up` on a data directory that was stopped before", "last byte of the answer to a cold invocation read", took);
    }

    private static HttpCaller Caller(BenchNode node, Language language, string name) => new(node.Endpoint, $"/2015-03-31/functions/{name}/invocations", Language.Payload, language.Answer);

    private static string NameOf(int index) => $"scale-{index}";
}
