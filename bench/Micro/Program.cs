using System.Text.Json;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Hearth.Bench.Micro;
using Perfolizer.Horology;

// Started by ./hearth bench micro, which prints the rows and fails when a gated benchmark allocates. By hand, `--rows /dev/stdout` shows them.
string? rows = null;
var quick = args.Contains("--quick");
for (var i = 0; i + 1 < args.Length; i++)
{
    if (args[i] == "--rows")
        rows = args[i + 1];
    else if (args[i] == "--work")
        WorkFolder.Path = args[i + 1];
}

if (rows is null)
{
    Console.Error.WriteLine("usage: Hearth.Bench.Micro --rows FILE [--work FOLDER] [--quick]; usually run by ./hearth bench micro");
    return 2;
}

// In this process: BenchmarkDotNet's own way builds a project for each run, next to a project file that it looks for.
var job = Job.Default.WithToolchain(InProcessEmitToolchain.Instance).WithWarmupCount(quick ? 2 : 5).WithIterationCount(quick ? 4 : 12).WithIterationTime(TimeInterval.FromMilliseconds(quick ? 60 : 200));
var config = new ManualConfig()
    .AddJob(job).AddDiagnoser(MemoryDiagnoser.Default).AddColumnProvider(DefaultColumnProviders.Instance).AddLogger(ConsoleLogger.Ascii)
    .WithArtifactsPath(WorkFolder.Path).WithOptions(ConfigOptions.DisableLogFile | ConfigOptions.DontOverwriteResults);
var results = Measure();
// Allocations are counted for the whole process: what another thread did in a short measurement is not there the second time, what the operation does is.
if (results.Any(IsOver))
    results = [.. results.Zip(Measure(), static (first, second) => first with { AllocatedBytes = Math.Min(first.AllocatedBytes, second.AllocatedBytes) })];
await File.WriteAllTextAsync(rows, JsonSerializer.Serialize(results));
return results.Count == 0 || results.Any(IsOver) ? 1 : 0;

List<MicroResult> Measure() =>
    [.. BenchmarkSwitcher.FromAssembly(typeof(MicroResult).Assembly).RunAllJoined(config).Reports
        .Select(MicroResult.Of).OrderBy(static result => result.Name, StringComparer.Ordinal)];

// The smallest object has 24 bytes: less, on average over few long operations, is what other threads of the process did meanwhile.
static bool IsOver(MicroResult result) => result.MustNotAllocate && result.AllocatedBytes >= MicroResult.SmallestObject;
