namespace Hearth.Agent.Scheduling;

/// <summary>
/// What an idle instance is worth: what it would cost to have it again, times how often it was used, for each MB that it holds, above what the last one that had to go was worth.
/// So all age: one that is not used any more is worth less and less beside those that are (greedy-dual-size-frequency; for functions: FaasCache, ASPLOS 2021).
/// Uses count by their logarithm and a start for a second at most: both are the function's to choose, and nobody is to stay for long by calling itself often or starting slowly.
/// </summary>
internal sealed class GreedyDual
{
    private const double LongestStartMillis = 1_000;
    private double _clock;

    /// <param name="uses">Invocations that this very instance has served: the newest idle one serves first, so surplus ones have few.</param>
    /// <param name="start">What its start took.</param>
    /// <param name="memoryMb">At least 1.</param>
    public double Worth(long uses, TimeSpan start, int memoryMb) => _clock + (Math.Log2(1 + Math.Max(1, uses)) * Math.Min(start.TotalMilliseconds, LongestStartMillis) / memoryMb);

    /// <summary>One of that worth had to go.</summary>
    public void Evicted(double worth) => _clock = Math.Max(_clock, worth);
}
