using Hearth.Bench.Load.Measuring;

namespace Hearth.Bench.Load.Invocations;

/// <param name="Nanos">Latencies.</param>
/// <param name="Sent">Calls answered, warm-up included.</param>
/// <param name="WallNanos">Of the measured stretch.</param>
internal readonly record struct Load(LatencyHistogram Nanos, long Sent, long WallNanos);

/// <summary>Drives callers, one thread each: a blocked thread costs less CPU than anything asynchronous, and the machine is shared with what is measured.</summary>
internal static class LoadGenerator
{
    /// <summary>Each caller sends as soon as it has its answer. Shows throughput; a stall delays later calls, so its latencies flatter.</summary>
    public static Load Closed(IReadOnlyList<ICaller> callers, TimeSpan warmUp, TimeSpan time, CancellationToken cancelled)
    {
        var measuredFrom = Clock.Now + (long)warmUp.TotalNanoseconds;
        var until = measuredFrom + (long)time.TotalNanoseconds;
        return Drive(callers, until - measuredFrom, (caller, index, nanos, stop) =>
        {
            var calls = 0;
            for (var began = Clock.Now; began < until && !stop.IsCancellationRequested;)
            {
                caller.Call(((index * 1_000_000) + calls++) % 100_000_000);
                var ended = Clock.Now;
                if (began >= measuredFrom && ended <= until)
                    nanos.Record(ended - began);
                began = ended;
            }

            return calls;
        }, cancelled);
    }

    /// <summary>
    /// Calls are due at a constant rate, whoever is free makes the next one, and latency counts from when it was due: a stall is charged with every call that it held up
    /// (no coordinated omission).
    /// </summary>
    /// <param name="rate">Calls a second.</param>
    public static Load Constant(IReadOnlyList<ICaller> callers, double rate, TimeSpan time, CancellationToken cancelled)
    {
        var count = (long)(rate * time.TotalSeconds);
        var from = Clock.Now + 20_000_000;
        long next = -1;
        var load = Drive(callers, (long)time.TotalNanoseconds, (caller, _, nanos, stop) =>
        {
            var calls = 0;
            for (long i; (i = Interlocked.Increment(ref next)) < count && !stop.IsCancellationRequested; calls++)
            {
                var due = from + (long)(i / rate * 1e9);
                if (due > Clock.Now)
                    Processes.Native.SleepUntil(due);
                caller.Call((int)(i % 100_000_000));
                nanos.Record(Clock.Now - due);
            }

            return calls;
        }, cancelled);
        return load with { WallNanos = Math.Max(load.WallNanos, Clock.Now - from) };
    }

    private static Load Drive(IReadOnlyList<ICaller> callers, long wallNanos, Func<ICaller, int, LatencyHistogram, CancellationToken, int> loop, CancellationToken cancelled)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancelled);
        var all = new LatencyHistogram();
        long sent = 0;
        Exception? failure = null;
        var threads = callers.Select((caller, index) => new Thread(() =>
        {
            var own = new LatencyHistogram();
            try
            {
                var calls = loop(caller, index, own, stop.Token);
                lock (all)
                {
                    all.Add(own);
                    sent += calls;
                }
            }
            catch (Exception e)
            {
                Interlocked.CompareExchange(ref failure, e, null);
                stop.Cancel();
            }
        })).ToList();
        threads.ForEach(static thread => thread.Start());
        threads.ForEach(static thread => thread.Join());
        cancelled.ThrowIfCancellationRequested();
        return failure switch
        {
            null => new Load(all, sent, wallNanos),
            BenchException => throw failure,
            _ => throw new BenchException($"a call failed: {failure.Message}", failure),
        };
    }
}
