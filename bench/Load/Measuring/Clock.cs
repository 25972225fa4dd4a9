using System.Diagnostics;

namespace Hearth.Bench.Load.Measuring;

/// <summary>CLOCK_MONOTONIC in nanoseconds.</summary>
internal static class Clock
{
    // .NET's ticks are nanoseconds on Linux; the division keeps it true elsewhere.
    private static readonly long PerTick = 1_000_000_000 / Stopwatch.Frequency;

    public static long Now => Stopwatch.GetTimestamp() * PerTick;
}
