using Hearth.Bench.Load.Measuring;
using Xunit;

namespace Hearth.Bench.Tests;

public sealed class LatencyHistogramTests
{
    [Fact]
    public void An_empty_one_has_no_values()
    {
        var histogram = new LatencyHistogram();
        Assert.Equal((0, 0, 0, 0.0), (histogram.Count, histogram.Max, histogram.Percentile(99), histogram.Mean));
    }

    [Fact]
    public void Small_values_are_exact()
    {
        var histogram = new LatencyHistogram();
        for (var value = 1; value <= 200; value++)
            histogram.Record(value);
        Assert.Equal((1, 100, 180, 198, 200), (histogram.Percentile(0), histogram.Percentile(50), histogram.Percentile(90), histogram.Percentile(99), histogram.Percentile(100)));
        Assert.Equal(100.5, histogram.Mean);
    }

    [Fact]
    public void Each_bucket_begins_where_the_one_before_ends()
    {
        for (var index = 0; index < 55 * 128; index++)
        {
            var last = LatencyHistogram.LastOf(index);
            Assert.Equal(index, LatencyHistogram.IndexOf(last));
            Assert.Equal(index + 1, LatencyHistogram.IndexOf(last + 1));
        }
    }

    [Theory]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(1_000_000)]
    [InlineData(123_456_789_012)]
    [InlineData(long.MaxValue)]
    public void A_value_is_rounded_up_by_less_than_one_percent(long value)
    {
        var histogram = new LatencyHistogram();
        histogram.Record(value);
        histogram.Record(long.MaxValue);
        Assert.InRange(histogram.Percentile(50), value, value + (value / 128.0));
    }

    [Fact]
    public void Percentiles_are_those_of_the_sorted_values()
    {
        var random = new Random(7);
        var values = Enumerable.Range(0, 50_000).Select(_ => (long)Math.Exp(random.NextDouble() * 20)).ToArray();
        var histogram = new LatencyHistogram();
        foreach (var value in values)
            histogram.Record(value);
        Array.Sort(values);
        foreach (var percent in (double[])[1, 25, 50, 90, 99, 99.9, 99.99, 100])
        {
            var exact = values[(int)Math.Ceiling(percent / 100 * values.Length) - 1];
            Assert.InRange(histogram.Percentile(percent), exact, exact * 1.008);
        }
    }

    [Fact]
    public void Two_added_are_as_one_that_saw_all()
    {
        var (first, second, both) = (new LatencyHistogram(), new LatencyHistogram(), new LatencyHistogram());
        for (var i = 0; i < 1000; i++)
        {
            (i % 3 == 0 ? first : second).Record(i * 1000);
            both.Record(i * 1000);
        }

        first.Add(second);
        Assert.Equal((both.Count, both.Max, both.Mean), (first.Count, first.Max, first.Mean));
        Assert.All((double[])[10, 50, 99], percent => Assert.Equal(both.Percentile(percent), first.Percentile(percent)));
    }

    [Fact]
    public void A_clock_that_went_back_counts_as_zero()
    {
        var histogram = new LatencyHistogram();
        histogram.Record(-5);
        Assert.Equal((1, 0), (histogram.Count, histogram.Percentile(100)));
    }
}
