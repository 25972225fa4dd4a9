using Hearth.Bench.Load.Measuring;

namespace Hearth.Bench.Load.Reporting;

/// <summary>One line of the report. Values are in <see cref="Unit"/>; what was not measured is null.</summary>
internal sealed record Row
{
    public required string Part { get; init; }

    /// <summary>Unique within its part.</summary>
    public required string Name { get; init; }

    /// <summary>Where the measured stretch begins; what was read where there is no stretch.</summary>
    public required string From { get; init; }

    /// <summary>Where it ends; "" where there is no stretch.</summary>
    public required string To { get; init; }

    /// <summary>us, ns, MiB.</summary>
    public required string Unit { get; init; }

    public long Count { get; init; }

    public double? P50 { get; init; }

    public double? P90 { get; init; }

    public double? P99 { get; init; }

    public double? P999 { get; init; }

    public double? Max { get; init; }

    public double? Mean { get; init; }

    /// <summary>Wall time of the measured stretches, seconds.</summary>
    public double? Seconds { get; init; }

    public double? PerSecond { get; init; }

    /// <summary>CPU time for each operation, microseconds, of what is named in <see cref="CpuOf"/>.</summary>
    public double? CpuMicros { get; init; }

    public string? CpuOf { get; init; }

    /// <summary>Bytes that one operation allocates (micro).</summary>
    public long? AllocatedBytes { get; init; }

    /// <summary>Name of the row of the same run that <see cref="Ratio"/> compares with.</summary>
    public string? RatioTo { get; init; }

    /// <summary>This row's median, or its rate, divided by that row's.</summary>
    public double? Ratio { get; init; }

    /// <summary>"p50" or "rate".</summary>
    public string? RatioOf { get; init; }

    /// <summary>What else a reader has to know; why it was not measured.</summary>
    public string? Note { get; init; }

    /// <summary>What the values mean, in one line.</summary>
    public string Meaning => string.Join("; ", ((string?[])[To.Length > 0 ? $"from {From} to {To}" : From, CpuOf is null ? null : $"CPU of {CpuOf}", Note]).OfType<string>());

    /// <summary>Percent and value, for the plot.</summary>
    public IReadOnlyList<double[]>? Curve { get; init; }

    private static readonly double[] Percents = [0, 10, 25, 50, 75, 90, 95, 99, 99.5, 99.9, 99.99];

    /// <param name="nanos">Latencies; a percentile that less than one value in the histogram decides is left out.</param>
    public static Row OfLatency(string part, string name, string from, string to, LatencyHistogram nanos) => new()
    {
        Part = part,
        Name = name,
        From = from,
        To = to,
        Unit = "us",
        Count = nanos.Count,
        P50 = At(nanos, 50, 1),
        P90 = At(nanos, 90, 10),
        P99 = At(nanos, 99, 100),
        P999 = At(nanos, 99.9, 1000),
        Max = nanos.Count > 0 ? nanos.Max / 1000.0 : null,
        Mean = nanos.Count > 0 ? nanos.Mean / 1000 : null,
        Curve = [.. Percents.Where(percent => nanos.Count * (100 - percent) >= 100).Select(percent => new[] { percent, nanos.Percentile(percent) / 1000.0 })],
    };

    /// <summary>With the ratio of the medians; of the rates where there are none. A row has no ratio to itself.</summary>
    public Row RelativeTo(Row? other, bool byRate = false)
    {
        if (other is null || other.Name == Name)
            return this;
        if (!byRate && P50 is { } own && other.P50 is { } theirs)
            return this with { RatioTo = other.Name, Ratio = own / theirs, RatioOf = "p50" };
        return PerSecond is { } rate && other.PerSecond is { } otherRate ? this with { RatioTo = other.Name, Ratio = rate / otherRate, RatioOf = "rate" } : this;
    }

    private static double? At(LatencyHistogram nanos, double percent, long least) => nanos.Count >= least ? nanos.Percentile(percent) / 1000.0 : null;
}
