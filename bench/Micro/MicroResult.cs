using BenchmarkDotNet.Reports;

namespace Hearth.Bench.Micro;

/// <summary>One benchmark, as bench/Load reads it.</summary>
/// <param name="Iterations">Measurements, each of many operations; the times are of one operation.</param>
/// <param name="MustNotAllocate">Whether <paramref name="AllocatedBytes"/> of an object or more fails the run.</param>
internal sealed record MicroResult(string Name, int Iterations, double MedianNanos, double MeanNanos, double MaxNanos, long AllocatedBytes, bool MustNotAllocate)
{
    /// <summary>Bytes. An operation that allocates at all has at least this much.</summary>
    public const int SmallestObject = 24;

    /// <exception cref="InvalidOperationException">The benchmark did not run.</exception>
    public static MicroResult Of(BenchmarkReport report)
    {
        var descriptor = report.BenchmarkCase.Descriptor;
        var name = $"{descriptor.Type.Name.Replace("Benchmarks", "", StringComparison.Ordinal)}.{descriptor.WorkloadMethod.Name}";
        if (report.BenchmarkCase.Parameters.Items is { Count: > 0 } parameters)
            name += $"({string.Join(", ", parameters.Select(static parameter => parameter.Value))})";
        var statistics = report.ResultStatistics ?? throw new InvalidOperationException($"{name} did not run");
        return new MicroResult(
            name, statistics.N, statistics.Median, statistics.Mean, statistics.Max,
            report.GcStats.GetBytesAllocatedPerOperation(report.BenchmarkCase) ?? throw new InvalidOperationException($"{name}: its allocations were not measured"),
            descriptor.HasCategory(MustNotAllocateAttribute.Category));
    }
}
