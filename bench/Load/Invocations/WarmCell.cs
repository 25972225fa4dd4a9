using Hearth.Bench.Load.Measuring;
using Hearth.Bench.Load.Reporting;

namespace Hearth.Bench.Load.Invocations;

/// <summary>One target with a number of connections, measured in several rounds.</summary>
/// <param name="name">Of the row.</param>
/// <param name="callers">Owned by this object.</param>
/// <param name="cpuNanos">CPU time so far of what serves the calls.</param>
/// <param name="cpuOf">What that is.</param>
internal sealed class WarmCell(string name, string from, string to, IReadOnlyList<ICaller> callers, Func<long?> cpuNanos, string? cpuOf) : IDisposable
{
    private readonly LatencyHistogram _nanos = new();
    private long _wallNanos;
    private long? _cpu = 0;
    private long _cpuCalls;

    public string Name => name;

    public int Connections => callers.Count;

    /// <summary>Calls answered so far, warm-up included.</summary>
    public long Sent { get; private set; }

    public double PerSecond => _wallNanos == 0 ? 0 : _nanos.Count * 1e9 / _wallNanos;

    /// <summary>So many calls at once that each connection has found an instance of its own.</summary>
    public void WarmUp(TimeSpan time, CancellationToken cancelled) => Sent += LoadGenerator.Closed(callers, time, TimeSpan.Zero, cancelled).Sent;

    public void Closed(TimeSpan warmUp, TimeSpan time, CancellationToken cancelled) => Take(() => LoadGenerator.Closed(callers, warmUp, time, cancelled));

    public void Constant(double rate, TimeSpan time, CancellationToken cancelled) => Take(() => LoadGenerator.Constant(callers, rate, time, cancelled));

    public Row Row(string part) => Reporting.Row.OfLatency(part, name, from, to, _nanos) with
    {
        Seconds = _wallNanos / 1e9,
        PerSecond = PerSecond,
        CpuMicros = _cpu is { } cpu && cpuOf is not null && _cpuCalls > 0 ? cpu / 1000.0 / _cpuCalls : null,
        CpuOf = cpuOf,
    };

    public void Dispose()
    {
        foreach (var caller in callers)
            caller.Dispose();
    }

    private void Take(Func<Load> run)
    {
        var cpu = cpuNanos();
        var load = run();
        _cpu += cpuNanos() - cpu;
        _nanos.Add(load.Nanos);
        _wallNanos += load.WallNanos;
        Sent += load.Sent;
        _cpuCalls += load.Sent;
    }
}
