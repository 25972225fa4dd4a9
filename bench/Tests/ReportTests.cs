using System.Text.Json.Nodes;
using System.Xml.Linq;
using Hearth.Bench.Load;
using Hearth.Bench.Load.Measuring;
using Hearth.Bench.Load.Reporting;
using Xunit;

namespace Hearth.Bench.Tests;

public sealed class ReportTests
{
    [Fact]
    public void A_ratio_is_of_medians_or_of_rates()
    {
        var slow = Latency("slow", 400, 100) with { PerSecond = 10 };
        var fast = Latency("fast", 100, 100) with { PerSecond = 40 };
        Assert.Equal((4.0, "p50", "fast"), (slow.RelativeTo(fast).Ratio, slow.RelativeTo(fast).RatioOf, slow.RelativeTo(fast).RatioTo));
        Assert.Equal((0.25, "rate"), (slow.RelativeTo(fast, byRate: true).Ratio, slow.RelativeTo(fast, byRate: true).RatioOf));
        Assert.Null(slow.RelativeTo(slow).Ratio);
        Assert.Null(slow.RelativeTo(null).Ratio);
    }

    /// <summary>A 99.9th percentile of 100 values would be the largest one under another name.</summary>
    [Fact]
    public void Percentiles_that_too_few_values_decide_are_left_out()
    {
        var row = Latency("row", 100, 100);
        Assert.NotNull(row.P99);
        Assert.Null(row.P999);
        Assert.Null(Latency("row", 100, 99).P99);
        Assert.NotNull(Latency("row", 100, 1000).P999);
    }

    [Fact]
    public void A_run_tells_its_rows_its_failures_and_its_machine()
    {
        var part = new PartResult("sandbox", 2, [Latency("one row", 100_000, 1000)], "the reason");
        var run = new Run(Machine.Read("/nowhere"), DateTime.UtcNow, 3, true, [part]);
        var text = TextReport.Of(run);
        Assert.All((string[])["one row", "FAILED: the reason", "kernel", "too few rounds to quote", "  a  from here to there"], word => Assert.Contains(word, text, StringComparison.Ordinal));
        var json = JsonNode.Parse(run.ToJson())!;
        Assert.Equal("one row", (string?)json["parts"]![0]!["rows"]![0]!["name"]);
        Assert.Equal(100, (double)json["parts"]![0]!["rows"]![0]!["p50"]!);
        Assert.Equal("unknown", (string?)json["machine"]!["commit"]);
        var svg = XDocument.Parse(PercentilePlot.Of(part)!);
        Assert.Single(svg.Descendants(), static element => element.Name.LocalName == "polyline");
        Assert.Null(PercentilePlot.Of(new PartResult("memory", 1, [new Row { Part = "memory", Name = "x", From = "a", To = "b", Unit = "MiB" }], null)));
    }

    [Fact]
    public void Only_a_gated_benchmark_that_allocates_fails()
    {
        var free = new MicroPart.MicroResult("free", 4, 1, 1, 1, 0, MustNotAllocate: true);
        Assert.Null(MicroPart.Complaint([free, free with { AllocatedBytes = 24, MustNotAllocate = false }]));
        Assert.Equal("must allocate nothing for an operation: costly allocates 24 B", MicroPart.Complaint([free, free with { Name = "costly", AllocatedBytes = 24 }]));
        Assert.Equal("no benchmark ran", MicroPart.Complaint([]));
    }

    private static Row Latency(string name, long nanos, int count)
    {
        var histogram = new LatencyHistogram();
        for (var i = 0; i < count; i++)
            histogram.Record(nanos);
        return Row.OfLatency("sandbox", name, "here", "there", histogram);
    }
}
