using Hearth.Bench.Load.Measuring;
using Hearth.Bench.Load.Node;
using Hearth.Bench.Load.Processes;
using Hearth.Bench.Load.Reporting;

namespace Hearth.Bench.Load.Invocations;

/// <summary>
/// Functions that were never invoked, each with code of its own, invoked once, by HTTP or (Python) by gRPC. Between two of them the bare start of the same language is measured. The ledger
/// is asked afterwards whether each was cold.
/// </summary>
internal sealed class ColdStarts(BenchNode node, string part, bool quick, CancellationToken cancelled)
{
    private const string Http = "HTTP", Grpc = "gRPC";

    public async Task<IReadOnlyList<Row>> MeasureAsync()
    {
        // By gRPC only the language whose start is the shortest: what the way through the control plane adds is the same for all.
        Way[] ways = [.. Language.All.Select(static language => new Way(language, Http)), new Way(Language.All[0], Grpc)];
        // The first start of a language fills the page cache: one more than is counted.
        foreach (var way in ways)
        {
            for (var i = 0; i <= Count(way); i++)
                await node.DeployAsync(Name(way, i), way.Language, $"cold {way.By} {i}", timeoutSeconds: 30, cancelled);
        }

        await Deployment.UntilAsync("all code is unpacked", () => Task.FromResult(node.CodeFolders >= ways.Sum(way => Count(way) + 1)), cancelled);
        var cold = ways.ToDictionary(static way => way, static _ => new LatencyHistogram());
        var bare = Language.All.ToDictionary(static language => language, static _ => new LatencyHistogram());
        var cpu = Language.All.ToDictionary(static language => language, static _ => 0L);
        var programs = Language.All.ToDictionary(static language => language, static language => new SpawnedProgram(language.BareCommand));
        try
        {
            for (var round = 0; round <= ways.Max(Count); round++)
            {
                foreach (var way in ways.Where(way => round <= Count(way)))
                {
                    var nanos = await InvokeAsync(way, round);
                    if (way.By == Grpc)
                    {
                        if (round > 0)
                            cold[way].Record(nanos);
                        continue;
                    }
                    await Task.Delay(5, cancelled);
                    var began = Clock.Now;
                    var ended = programs[way.Language].Run();
                    var bareNanos = Clock.Now - began;
                    if (round == 0)
                        continue;
                    cold[way].Record(nanos);
                    bare[way.Language].Record(bareNanos);
                    cpu[way.Language] += ended.CpuNanos;
                }
            }
        }
        finally
        {
            foreach (var program in programs.Values)
                program.Dispose();
        }

        return [.. Language.All.SelectMany(language =>
        {
            var reference = Row.OfLatency(part, language.Bare, "posix_spawn", "its end is reaped", bare[language]) with { CpuMicros = cpu[language] / 1000.0 / bare[language].Count, CpuOf = "the process (rusage)" };
            return ways.Where(way => way.Language == language)
                .Select(way => Row.OfLatency(part, $"cold {language.Name}, {way.By}", "first byte of the request sent", "last byte of the answer read, connection open before", cold[way]).RelativeTo(reference))
                .Append(reference);
        })];
    }

    private int Count(Way way) => (way.Language.Name, way.By, quick) switch
    {
        ("python", Http, true) => 12,
        ("python", Http, false) => 100,
        (_, _, true) => 6,
        (_, _, false) => 30,
    };

    private async Task<long> InvokeAsync(Way way, int index)
    {
        var name = Name(way, index);
        long nanos;
        ICaller caller = way.By == Grpc
            ? new GrpcCaller(node.Functions, name, Language.Payload, way.Language.Answer)
            : new HttpCaller(node.Endpoint, $"/2015-03-31/functions/{name}/invocations", Language.Payload, way.Language.Answer);
        using (caller)
        {
            await Task.Delay(5, cancelled);
            var began = Clock.Now;
            caller.Call(index);
            nanos = Clock.Now - began;
        }

        await Deployment.UntilAsync($"the ledger has the invocation of {name}", async () => (await node.UsageAsync(name, cancelled)).Requests == 1, cancelled);
        if ((await node.UsageAsync(name, cancelled)).ColdStarts != 1)
            throw new BenchException($"{name} answered but the ledger has no cold start of it");
        await node.DeleteAsync(name, cancelled);
        return nanos;
    }

    private static string Name(Way way, int index) => $"cold-{way.Language.Name}-{way.By}-{index}";

    private sealed record Way(Language Language, string By);
}
