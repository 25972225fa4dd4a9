using Hearth.Bench.Load.Measuring;
using Hearth.Bench.Load.Reporting;

namespace Hearth.Bench.Load.Asynchronous;

/// <summary>What the disk below the node's data allows to someone who waits for it after each write: the reason why events are committed together.</summary>
internal static class DiskCommits
{
    private const int PageBytes = 4096;

    public static Row Measure(string part, bool quick, CancellationToken cancelled)
    {
        var folder = Directory.CreateDirectory(BenchContext.NewFolder());
        try
        {
            using var file = File.OpenHandle(Path.Combine(folder.FullName, "log"), FileMode.CreateNew, FileAccess.Write);
            var page = new byte[PageBytes];
            var nanos = new LatencyHistogram();
            var until = Clock.Now + (quick ? 500_000_000 : 2_000_000_000);
            var from = Clock.Now;
            for (long offset = 0, began = from; began < until && !cancelled.IsCancellationRequested; offset += PageBytes)
            {
                RandomAccess.Write(file, page, offset);
                RandomAccess.FlushToDisk(file);
                var ended = Clock.Now;
                nanos.Record(ended - began);
                began = ended;
            }

            var wall = Clock.Now - from;
            return Row.OfLatency(part, "append of 4 KiB and fsync, one after another", "write", "fsync returns, on the file system of the node's data", nanos) with
            {
                Seconds = wall / 1e9,
                PerSecond = nanos.Count * 1e9 / wall,
            };
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
