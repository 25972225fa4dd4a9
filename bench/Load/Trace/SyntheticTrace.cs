namespace Hearth.Bench.Load.Trace;

/// <param name="Gap">Mean time between its calls, seconds.</param>
/// <param name="Variation">Of those times: 0 = a clock, 1 = Poisson, above = bursts (log-normal).</param>
/// <param name="Duration">Mean of its runs, seconds.</param>
/// <param name="MemoryMb">Its setting.</param>
/// <param name="Start">What an instance takes to start, seconds.</param>
internal sealed record TraceFunction(double Gap, double Variation, double Duration, int MemoryMb, double Start);

internal readonly record struct TraceCall(TimeSpan At, int Function, TimeSpan Takes);

/// <summary>
/// Calls as Azure's published distributions have them ("Serverless in the Wild", Shahrad et al., USENIX ATC 2020): 45 % of the applications are called at most once an hour and 81 % at most once
/// a minute (figure 5), run times are log-normal (-0.38, 2.36) in seconds (figure 7), memory is Burr (11.652, 0.221, 107.083) in MB (figure 8). Of the times between calls (figure 6) a fifth of
/// the functions has none but one (timers), the others are half Poisson and half bursts with a coefficient of variation of 2.5: this split, the range of rates (one a day to twenty a minute: those
/// above are always warm whatever the policy) a run's end at twice the time between calls, and the times of starts (log-normal, median 250 ms) are ours.
/// </summary>
internal sealed class SyntheticTrace
{
    private const double Day = 86_400;
    private const double MostBusy = 2;
    private static readonly (double Share, double PerDay)[] s_rates = [(0, 1), (0.45, 24), (0.814, 1_440), (1, 28_800)];
    private static readonly double[] s_timers = [60, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 86_400];

    /// <param name="seed">Of all that is random.</param>
    /// <param name="functions">How many.</param>
    /// <param name="length">How long they are called.</param>
    /// <param name="startSpread">Of the logarithms of the times of starts; 0 = all take as long.</param>
    public SyntheticTrace(int seed, int functions, TimeSpan length, double startSpread = 0)
    {
        var random = new Random(seed);
        Functions = [.. Enumerable.Range(0, functions).Select(i => Make(random, (i + random.NextDouble()) / functions, i % 5, startSpread))];
        Length = length;
        Calls = MakeCalls(random);
        ResidentMb = Functions.Sum(static f => (long)f.MemoryMb);
    }

    public IReadOnlyList<TraceFunction> Functions { get; }

    public TimeSpan Length { get; }

    /// <summary>In their order.</summary>
    public IReadOnlyList<TraceCall> Calls { get; }

    /// <summary>One instance of each function for all the time.</summary>
    public long ResidentMb { get; }

    private static TraceFunction Make(Random random, double share, int kind, double startSpread)
    {
        var above = Array.FindIndex(s_rates, point => point.Share >= share);
        var (low, high) = (s_rates[above - 1], s_rates[above]);
        var perDay = low.PerDay * Math.Pow(high.PerDay / low.PerDay, (share - low.Share) / (high.Share - low.Share));
        var gap = Day / perDay;
        // Nobody sets a timer to 47 minutes.
        if (kind == 0)
            gap = s_timers.MinBy(timer => Math.Abs(Math.Log(timer / gap)));
        var duration = Math.Clamp(Math.Exp(-0.38 + (2.36 * Normal(random))), 0.001, Math.Min(900, gap * MostBusy));
        var memory = 107.083 * Math.Pow(Math.Pow(1 - random.NextDouble(), -1 / 0.221) - 1, 1 / 11.652);
        return new TraceFunction(gap, kind switch { 0 => 0, 1 or 2 => 1, _ => 2.5 }, duration, (int)Math.Clamp(memory, 128, 10_240), 0.25 * Math.Exp(startSpread * Normal(random)));
    }

    private List<TraceCall> MakeCalls(Random random)
    {
        List<TraceCall> calls = [];
        for (var i = 0; i < Functions.Count; i++)
        {
            var function = Functions[i];
            for (var at = random.NextDouble() * function.Gap; at < Length.TotalSeconds; at += Gap(function, random))
                calls.Add(new TraceCall(TimeSpan.FromSeconds(at), i, TimeSpan.FromSeconds(Math.Clamp(function.Duration * Math.Exp((0.5 * Normal(random)) - 0.125), 0.001, 900))));
        }
        calls.Sort(static (a, b) => (a.At, a.Function).CompareTo((b.At, b.Function)));
        return calls;
    }

    private static double Gap(TraceFunction function, Random random)
    {
        if (function.Variation == 0)
            return function.Gap;
        if (function.Variation == 1)
            return -function.Gap * Math.Log(1 - random.NextDouble());
        var variance = Math.Log(1 + (function.Variation * function.Variation));
        return function.Gap * Math.Exp((Math.Sqrt(variance) * Normal(random)) - (variance / 2));
    }

    private static double Normal(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
