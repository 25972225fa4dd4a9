namespace Hearth.Agent.Scheduling;

/// <summary>
/// What an idle instance is worth: what it would cost to have it again, times how often it was used, for each MB that it holds, above what the last one that had to go was worth.
/// So all age: one that is not used any more is worth less and less beside those that are (greedy-dual-size-frequency; for functions: FaasCache, ASPLOS 2021).
/// </summary>
internal sealed class GreedyDual
{
    private double _clock;

    /// <param name="uses">Invocations that this very instance has served: the newest idle one serves first, so surplus ones have few.</param>
    /// <param name="start">What its start took.</param>
    /// <param name="memoryMb">At least 1.</param>
    public double Worth(long uses, TimeSpan start, int memoryMb) => _clock + (Math.Max(1, uses) * start.TotalMilliseconds / memoryMb);

    /// <summary>One of that worth had to go.</summary>
    public void Evicted(double worth) => _clock = Math.Max(_clock, worth);
}
