using Hearth.Bench.Load.Measuring;

namespace Hearth.Bench.Load.Sandboxes;

/// <summary>One thing that is measured again and again, and what it has shown so far.</summary>
internal abstract class Peer(string name) : IDisposable
{
    public string Name { get; } = name;

    /// <summary>Start to end of each operation, nanoseconds.</summary>
    public LatencyHistogram Whole { get; private set; } = new();

    /// <summary>Start of each operation until it could be used; empty where that is the end.</summary>
    public LatencyHistogram Ready { get; private set; } = new();

    /// <summary>CPU time of the operations in <see cref="Whole"/>, nanoseconds; null when it cannot be told.</summary>
    public long? CpuNanos { get; private set; } = 0;

    /// <summary>Operations and nanoseconds of wall time, by number of creators.</summary>
    public Dictionary<int, (long Count, long Nanos)> Throughput { get; } = [];

    /// <summary>One operation after another, with a rest before each, so that what the one before left to do is done.</summary>
    /// <param name="keep">False: this was warm-up.</param>
    public void Measure(int count, bool keep, CancellationToken cancelled)
    {
        var cpu = CpuNow();
        for (var i = 0; i < count; i++)
        {
            cancelled.ThrowIfCancellationRequested();
            Thread.Sleep(5);
            var (ready, whole) = Once();
            if (!keep)
                continue;
            Whole.Record(whole);
            if (ready > 0)
                Ready.Record(ready);
        }

        if (keep)
            CpuNanos += CpuNow() - cpu;
    }

    public void MeasureThroughput(int creators, TimeSpan time, CancellationToken cancelled)
    {
        cancelled.ThrowIfCancellationRequested();
        var began = Clock.Now;
        var done = Many(creators, began + (long)time.TotalNanoseconds, cancelled);
        var (count, nanos) = Throughput.GetValueOrDefault(creators);
        Throughput[creators] = (count + done, nanos + (Clock.Now - began));
    }

    public abstract void Dispose();

    /// <summary>CPU time so far of what is measured.</summary>
    protected abstract long? CpuNow();

    protected abstract (long Ready, long Whole) Once();

    /// <summary>As many operations as fit, so many under way at a time.</summary>
    protected abstract int Many(int creators, long until, CancellationToken cancelled);
}
