using Hearth.Bench.Load.Measuring;
using Hearth.Bench.Load.Node;
using Hearth.Bench.Load.Processes;
using Hearth.Bench.Load.Reporting;

namespace Hearth.Bench.Load.Invocations;

/// <summary>
/// Functions that were never invoked, each with code of its own, invoked once by HTTP. Between two of them the bare start of the same language is measured. The ledger
/// is asked afterwards whether each was cold.
/// </summary>
internal sealed class ColdStarts(BenchNode node, string part, bool quick, CancellationToken cancelled)
{
    public async Task<IReadOnlyList<Row>> MeasureAsync()
    {
        var counts = Language.All.ToDictionary(static language => language, language => (language.Name, quick) switch { ("python", true) => 12, ("python", false) => 100, (_, true) => 6, (_, false) => 30 });
        // The first start of a language fills the page cache: one more than is counted.
        foreach (var language in Language.All)
        {
            for (var i = 0; i <= counts[language]; i++)
                await node.DeployAsync(Name(language, i), language, $"cold {i}", timeoutSeconds: 30, cancelled);
        }

        await Deployment.UntilAsync("all code is unpacked", () => Task.FromResult(node.CodeFolders >= counts.Values.Sum(static count => count + 1)), cancelled);
        var cold = Language.All.ToDictionary(static language => language, static _ => new LatencyHistogram());
        var bare = Language.All.ToDictionary(static language => language, static _ => new LatencyHistogram());
        var cpu = Language.All.ToDictionary(static language => language, static _ => 0L);
        var programs = Language.All.ToDictionary(static language => language, static language => new SpawnedProgram(language.BareCommand));
        try
        {
            for (var round = 0; round <= counts.Values.Max(); round++)
            {
                foreach (var language in Language.All.Where(language => round <= counts[language]))
                {
                    var nanos = await InvokeAsync(language, round);
                    await Task.Delay(5, cancelled);
                    var began = Clock.Now;
                    var ended = programs[language].Run();
                    var bareNanos = Clock.Now - began;
                    if (round == 0)
                        continue;
                    cold[language].Record(nanos);
                    bare[language].Record(bareNanos);
                    cpu[language] += ended.CpuNanos;
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
            var row = Row.OfLatency(part, $"cold {language.Name}, HTTP", "first byte of the request sent", "last byte of the answer read, connection open before", cold[language]);
            return (Row[])[row.RelativeTo(reference), reference];
        })];
    }

    private async Task<long> InvokeAsync(Language language, int index)
    {
        var name = Name(language, index);
        long nanos;
        using (var caller = new HttpCaller(node.Endpoint, $"/2015-03-31/functions/{name}/invocations", Language.Payload, language.Answer))
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

    private static string Name(Language language, int index) => $"cold-{language.Name}-{index}";
}
