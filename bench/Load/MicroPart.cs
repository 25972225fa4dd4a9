using System.Diagnostics;
using System.Text.Json;
using Hearth.Bench.Load.Reporting;

namespace Hearth.Bench.Load;

/// <summary>Runs the BenchmarkDotNet program (bench/Micro) as a process of its own, and takes its rows over.</summary>
internal sealed class MicroPart : IPart
{
    public string Name => "micro";

    public async Task<IReadOnlyList<Row>> RunAsync(BenchContext context)
    {
        var program = Environment.GetEnvironmentVariable("HEARTH_BENCH_MICRO") is { Length: > 0 } chosen ? chosen : throw new BenchException("HEARTH_BENCH_MICRO does not name the micro benchmarks; run ./hearth bench micro");
        var folder = BenchContext.NewFolder();
        Directory.CreateDirectory(folder);
        try
        {
            var file = Path.Combine(folder, "rows.json");
            var start = new ProcessStartInfo(program, ["--rows", file, "--work", folder, .. context.Quick ? (string[])["--quick"] : []]) { RedirectStandardOutput = true, RedirectStandardInput = true };
            using var micro = Process.Start(start)!;
            try
            {
                var output = micro.StandardOutput.ReadToEndAsync(context.Cancelled);
                await micro.WaitForExitAsync(context.Cancelled);
                if (!File.Exists(file))
                    throw new BenchException($"{program} ended with {micro.ExitCode} and no result\n{await output}");
            }
            finally
            {
                if (!micro.HasExited)
                    micro.Kill(entireProcessTree: true);
            }

            var results = JsonSerializer.Deserialize<List<MicroResult>>(await File.ReadAllTextAsync(file, context.Cancelled))!;
            var rows = results.ConvertAll(RowOf);
            return Complaint(results) is { } complaint ? throw new PartFailedException(complaint, rows) : rows;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    // As bench/Micro has it: what is less is the average of other threads' doings over few long operations.
    private const int SmallestObject = 24;

    /// <returns>Null when every gated benchmark allocates nothing.</returns>
    internal static string? Complaint(IReadOnlyList<MicroResult> results)
    {
        var over = results.Where(static result => result.MustNotAllocate && result.AllocatedBytes >= SmallestObject).Select(static result => $"{result.Name} allocates {result.AllocatedBytes} B").ToList();
        return results.Count == 0 ? "no benchmark ran" : over.Count == 0 ? null : $"must allocate nothing for an operation: {string.Join("; ", over)}";
    }

    private Row RowOf(MicroResult result) => new()
    {
        Part = Name,
        Name = result.Name,
        From = "call",
        To = result.MustNotAllocate ? "return, gated: 0 bytes allocated" : "return",
        Unit = "ns",
        Count = result.Iterations,
        P50 = result.MedianNanos,
        Mean = result.MeanNanos,
        Max = result.MaxNanos,
        AllocatedBytes = result.AllocatedBytes,
    };

    /// <summary>As bench/Micro writes it.</summary>
    internal sealed record MicroResult(string Name, int Iterations, double MedianNanos, double MeanNanos, double MaxNanos, long AllocatedBytes, bool MustNotAllocate);
}
