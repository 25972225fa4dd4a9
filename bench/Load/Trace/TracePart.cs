using System.Globalization;
using Hearth.Agent.Scheduling;
using Hearth.Bench.Load.Reporting;

namespace Hearth.Bench.Load.Trace;

/// <summary>
/// How many cold starts the agent's decisions make of a trace, beside a fixed keep-alive of ten minutes, with a quarter of the memory that is held at most when nothing is ever ended. No sandbox is
/// started: time is the trace's, the decisions are the agent's code.
/// </summary>
internal sealed class TracePart : IPart
{
    private const int Functions = 400;
    private const int Spares = 16;
    private static readonly TimeSpan s_keep = TimeSpan.FromMinutes(10);

    public string Name => "trace";

    public Task<IReadOnlyList<Row>> RunAsync(BenchContext context) => Task.Run<IReadOnlyList<Row>>(
        () =>
        {
            var length = TimeSpan.FromDays(context.Quick ? 1 : 3);
            List<Row> rows = [];
            // Several, so that none is chosen.
            for (var seed = 1; seed <= (context.Quick ? 1 : 3); seed++)
                rows.AddRange(RowsOf(new SyntheticTrace(seed, Functions, length), $"trace {seed}", context.Cancelled));
            if (!context.Quick)
                rows.AddRange(RowsOf(new SyntheticTrace(1, Functions, length, startSpread: 0.8), "trace 1, starts 50-1200 ms", context.Cancelled));
            return rows;
        },
        context.Cancelled);

    /// <summary>The most that is held when every instance that was started stays: full residency.</summary>
    public static long ResidencyOf(SyntheticTrace trace) => Replay.Run(trace, new ReplayedPolicy(SettingsOf(long.MaxValue, spares: 0) with { EvictAfter = trace.Length }, IsOldestFirst: true)).PeakMb;

    public static ReplayResult Fixed(SyntheticTrace trace, long budgetMb) => Replay.Run(trace, new ReplayedPolicy(SettingsOf(budgetMb, spares: 0), IsOldestFirst: true));

    /// <summary>As an agent decides by default.</summary>
    /// <param name="trace">What comes.</param>
    /// <param name="budgetMb">At most; it is made smaller until no more memory-time is held than that.</param>
    /// <param name="memoryHours">GB-hours.</param>
    public static (ReplayResult Result, long BudgetMb) Own(SyntheticTrace trace, long budgetMb, double memoryHours)
    {
        while (true)
        {
            var result = Replay.Run(trace, new ReplayedPolicy(SettingsOf(budgetMb, Spares), IsOldestFirst: false));
            if (result.MemoryHours <= memoryHours)
                return (result, budgetMb);
            budgetMb = Math.Min(budgetMb - 1, (long)(budgetMb * memoryHours / result.MemoryHours));
        }
    }

    private IEnumerable<Row> RowsOf(SyntheticTrace trace, string which, CancellationToken cancelled)
    {
        var residencyMb = ResidencyOf(trace);
        var budgetMb = residencyMb / 4;
        cancelled.ThrowIfCancellationRequested();
        var @fixed = Fixed(trace, budgetMb);
        var reference = RowOf($"{which}: fixed 10 min", trace, @fixed, budgetMb, residencyMb);
        yield return reference;
        cancelled.ThrowIfCancellationRequested();
        yield return Beside(RowOf($"{which}: greedy-dual alone", trace, Replay.Run(trace, new ReplayedPolicy(SettingsOf(budgetMb, spares: 0), IsOldestFirst: false)), budgetMb, residencyMb), reference);
        cancelled.ThrowIfCancellationRequested();
        var (own, ownBudgetMb) = Own(trace, budgetMb, @fixed.MemoryHours);
        yield return Beside(RowOf($"{which}: Hearth", trace, own, ownBudgetMb, residencyMb), reference);
    }

    private static PolicySettings SettingsOf(long budgetMb, int spares) => new(budgetMb, TimeSpan.Zero, s_keep, spares);

    private Row RowOf(string name, SyntheticTrace trace, ReplayResult result, long budgetMb, long residencyMb) => new()
    {
        Part = Name,
        Name = name,
        From = string.Create(CultureInfo.InvariantCulture, $"{result.Cold} cold starts of {result.Calls} calls in {trace.Length.TotalDays:0} days of {trace.Functions.Count} functions"),
        To = "",
        Unit = "%",
        Count = result.Cold,
        P50 = result.ColdShareAt(50) * 100,
        P90 = result.ColdShareAt(90) * 100,
        Mean = 100.0 * result.Cold / result.Calls,
        Note = string.Create(CultureInfo.InvariantCulture,
            $"n: cold starts; p50, p90: percent of its calls that were cold, over functions; budget {100.0 * budgetMb / residencyMb:0.0} % of full residency, {result.MemoryHours:0} GB-hours held; {result.ColdSeconds:0} s waited for starts, {result.Ahead} started ahead, {result.Refused} found no memory"),
    };

    private static Row Beside(Row row, Row reference) => row with { RatioTo = reference.Name, Ratio = (double)row.Count / reference.Count, RatioOf = "n" };
}
