using System.Numerics;

namespace Hearth.Bench.Load.Measuring;

/// <summary>
/// Counts values in log-linear buckets, as HdrHistogram does: exact below 256, above that each power of two is divided in 128, so that a percentile is
/// at most 0.8 % too high. Fixed size, no allocation when recording. Not thread safe: one for each thread, then <see cref="Add"/>.
/// </summary>
internal sealed class LatencyHistogram
{
    private const int LinearBits = 8;
    private const int SubBuckets = 1 << (LinearBits - 1);
    private readonly long[] _counts = new long[((63 - LinearBits + 1) * SubBuckets) + (2 * SubBuckets)];
    private double _sum;

    public long Count { get; private set; }

    /// <summary>0 when empty.</summary>
    public long Max { get; private set; }

    /// <summary>0 when empty.</summary>
    public double Mean => Count == 0 ? 0 : _sum / Count;

    /// <param name="value">Nanoseconds, or any other unit; below 0 counts as 0.</param>
    public void Record(long value)
    {
        value = Math.Max(0, value);
        _counts[IndexOf(value)]++;
        Count++;
        _sum += value;
        Max = Math.Max(Max, value);
    }

    public void Add(LatencyHistogram other)
    {
        for (var i = 0; i < _counts.Length; i++)
            _counts[i] += other._counts[i];
        Count += other.Count;
        _sum += other._sum;
        Max = Math.Max(Max, other.Max);
    }

    /// <summary>The smallest value that at least this share of all values does not exceed, rounded up to its bucket's end; 0 when empty.</summary>
    /// <param name="percent">0-100.</param>
    public long Percentile(double percent)
    {
        if (Count == 0)
            return 0;
        var rank = Math.Clamp((long)Math.Ceiling(percent / 100 * Count), 1, Count);
        long seen = 0;
        for (var i = 0; i < _counts.Length; i++)
        {
            seen += _counts[i];
            if (seen >= rank)
                return Math.Min(LastOf(i), Max);
        }

        return Max;
    }

    internal static int IndexOf(long value)
    {
        var shift = Math.Max(0, BitOperations.Log2((ulong)value) - (LinearBits - 1));
        return (shift * SubBuckets) + (int)(value >> shift);
    }

    /// <summary>The largest value that falls in a bucket.</summary>
    internal static long LastOf(int index)
    {
        if (index < 2 * SubBuckets)
            return index;
        var shift = (index / SubBuckets) - 1;
        return ((long)(index - (shift * SubBuckets) + 1) << shift) - 1;
    }
}
