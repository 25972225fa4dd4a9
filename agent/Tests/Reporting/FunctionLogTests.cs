using System.Text;
using Hearth.Agent.Reporting.Logs;
using Hearth.Agent.Tests.Fakes;
using Xunit;

namespace Hearth.Agent.Tests.Reporting;

public sealed class FunctionLogTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("hearth-log-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public async Task Whoever_prints_does_not_wait_for_the_disk_and_what_is_dropped_meanwhile_is_told()
    {
        // A file where the folder should be: the flush fails, and the one who tells of it waits while it holds what a slow disk would hold.
        var folder = Path.Join(_root, "f");
        File.WriteAllText(folder, "");
        using var stuck = new StuckLogger();
        using var log = new FunctionLog(folder, LogSettings.Default, TimeProvider.System, stuck);
        Print(log, "lost with the disk");
        var flush = Task.Run(log.Flush, TestContext.Current.CancellationToken);
        await stuck.Reached;
        var line = new string('x', 100_000);
        for (var i = 0; i < 100; i++)
            Print(log, line);
        Assert.False(flush.IsCompleted);
        File.Delete(folder);
        stuck.Release();
        await flush;

        log.Flush();
        Print(log, "after");
        log.Flush();
        var lines = Read(folder);
        var kept = lines.Count(text => text == line);
        Assert.InRange(kept, 1, 21);
        Assert.Equal($"LOGS_DROPPED {100 - kept} lines: the disk of the node did not take the lines before them in time", lines[kept]);
        Assert.Equal("after", lines[kept + 1]);
        Assert.Equal(kept + 2, lines.Count);
    }

    [Fact]
    public void Lines_appended_from_many_threads_while_others_flush_are_all_there_and_whole()
    {
        var folder = Path.Join(_root, "g");
        using (var log = new FunctionLog(folder, LogSettings.Default with { SegmentBytes = 100_000 }, TimeProvider.System, new StuckLogger()))
        {
            Parallel.For(0, 8, thread =>
            {
                for (var i = 0; i < 1000; i++)
                {
                    Print(log, $"{thread}:{i}:{new string((char)('a' + thread), 50)}");
                    if (i % 100 == thread)
                        log.Flush();
                }
            });
        }
        var lines = Read(folder);
        Assert.Equal(8000, lines.Count);
        for (var thread = 0; thread < 8; thread++)
        {
            var mine = lines.Where(text => text.StartsWith($"{thread}:", StringComparison.Ordinal)).ToList();
            Assert.Equal(Enumerable.Range(0, 1000).Select(i => $"{thread}:{i}:{new string((char)('a' + thread), 50)}"), mine);
        }
    }

    [Fact]
    public void A_log_that_rests_holds_no_file_and_goes_on_in_the_same_segment()
    {
        var folder = Path.Join(_root, "h");
        var time = new ManualTime();
        using var log = new FunctionLog(folder, LogSettings.Default, time, new StuckLogger());
        Print(log, "one");
        log.Flush();
        time.Advance(TimeSpan.FromSeconds(59));
        log.Flush();
        Assert.Equal(2, OpenFiles(folder));
        time.Advance(TimeSpan.FromSeconds(1));
        log.Flush();
        Assert.Equal(0, OpenFiles(folder));

        Print(log, "two");
        log.Flush();
        Assert.Equal(["one", "two"], Read(folder));
        Assert.Single(LogSegments.List(folder));
    }

    [Fact]
    public void The_newest_segment_goes_too_when_nothing_was_written_to_it_for_so_long()
    {
        var folder = Path.Join(_root, "i");
        var time = new ManualTime();
        using var log = new FunctionLog(folder, LogSettings.Default, time, new StuckLogger());
        Print(log, "one");
        log.Flush();
        LogSegments.Trim(folder, LogSettings.Default, DateTimeOffset.UtcNow.AddDays(13));
        Assert.Equal(["one"], Read(folder));
        time.Advance(TimeSpan.FromMinutes(2));
        log.Flush();
        LogSegments.Trim(folder, LogSettings.Default, DateTimeOffset.UtcNow.AddDays(15));
        Assert.False(Directory.Exists(folder));

        Print(log, "two");
        log.Flush();
        Assert.Equal(["two"], Read(folder));
    }

    private static int OpenFiles(string folder) =>
        Directory.GetFiles("/proc/self/fd").Count(fd => new FileInfo(fd).LinkTarget?.StartsWith(folder + "/", StringComparison.Ordinal) == true);

    private static void Print(FunctionLog log, string text) => log.Append(DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(), Guid.Empty, "s"u8, Encoding.UTF8.GetBytes(text));

    private static List<string> Read(string folder)
    {
        using var reader = new LogReader(folder, 0);
        List<string> lines = [];
        while (reader.TryRead(out var entry))
            lines.Add(entry.Text);
        return lines;
    }
}
