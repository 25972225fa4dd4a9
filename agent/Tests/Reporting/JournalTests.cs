using System.Diagnostics;
using Hearth.Agent.Reporting;
using Hearth.Agent.Reporting.Journal;
using Hearth.Agent.Tests.Fakes;
using Hearth.Contracts.V1;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hearth.Agent.Tests.Reporting;

public sealed class JournalTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("hearth-journal-").FullName;

    // Nothing is flushed, and no segment made ahead, but when a test says so.
    private readonly ManualTimers _time = new();

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Records_come_back_as_they_were_written_after_a_reopen()
    {
        ulong epoch;
        using (var journal = Open(segment: 8))
        {
            epoch = journal.Epoch;
            for (var i = 1; i <= 20; i++)
                Assert.True(journal.Append(Record(i)));
        }
        using var again = Open(segment: 8);
        Assert.Equal((epoch, 20ul), (again.Epoch, again.Last));
        var batch = again.Read(0, 100);
        Assert.Equal((1ul, 20), (batch.FirstSequence, batch.Records.Count));
        var record = batch.Records[6];
        Assert.Equal(("f7", "$LATEST", 7_000L, 70L, 7L, 128, 33, (int)InvocationStatus.Timeout), (record.FunctionName, record.Version, record.DurationUs, record.InitUs, record.BilledMs, record.MemoryMb, record.MaxMemoryMb, record.Status));
        Assert.Equal(new Guid(7, 0, 0, new byte[8]), new Guid(record.RequestId.Span, bigEndian: true));
        Assert.Equal(21ul, AppendOne(again));
    }

    [Fact]
    public void Acknowledged_segments_are_deleted_and_sequences_go_on()
    {
        using (var journal = Open(segment: 8))
        {
            for (var i = 1; i <= 20; i++)
                journal.Append(Record(i));
            journal.Acknowledge(journal.Epoch + 1, 20);
            Assert.Equal(3, Segments().Length);
            journal.Acknowledge(journal.Epoch, 21);
            Assert.Equal(3, Segments().Length);
            journal.Acknowledge(journal.Epoch, 17);
            Assert.Single(Segments());
            Assert.Equal(18ul, journal.Read(17, 10).FirstSequence);
        }
        using var again = Open(segment: 8);
        Assert.Equal(21ul, AppendOne(again));
    }

    [Fact]
    public void A_segment_that_a_power_cut_left_empty_holds_up_no_start()
    {
        using (var journal = Open(segment: 8))
        {
            for (var i = 1; i <= 8; i++)
                journal.Append(Record(i));
        }
        File.WriteAllBytes(Path.Join(_folder, "00000000000000000009.journal"), []);
        using var again = Open(segment: 8);
        Assert.Equal((8ul, 8), (again.Last, again.Read(0, 100).Records.Count));
        Assert.Equal(9ul, AppendOne(again));
    }

    /// <summary>Who answers asks the disk once, not at each answer: the flush tries again.</summary>
    [Fact]
    public void A_journal_without_room_says_so_at_once_and_goes_on_when_there_is_some()
    {
        var away = _folder + "-away";
        using var journal = Open(segment: 4);
        for (var i = 1; i <= 4; i++)
            Assert.True(journal.Append(Record(i)));
        Directory.Move(_folder, away);
        try
        {
            Assert.False(journal.Append(Record(5)));
        }
        finally
        {
            Directory.Move(away, _folder);
        }
        Assert.False(journal.Append(Record(5)));
        journal.Flush();
        Assert.True(journal.Append(Record(5)));
        Assert.Equal(5ul, journal.Last);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    [InlineData(9)]
    [InlineData(100)]
    [InlineData(255)]
    public void A_torn_last_record_is_not_a_record_and_its_place_is_used_again(int byteInRecord)
    {
        using (var journal = Open(segment: 8))
        {
            for (var i = 1; i <= 5; i++)
                journal.Append(Record(i));
        }
        Flip(4 * JournalRecord.Size + byteInRecord);
        using var again = Open(segment: 8);
        Assert.Equal(4ul, again.Last);
        Assert.Equal(5ul, AppendOne(again));
        Assert.Equal(5, again.Read(0, 10).Records.Count);
    }

    [Fact]
    public void A_hole_that_a_power_cut_left_is_stepped_over()
    {
        using (var journal = Open(segment: 8))
        {
            for (var i = 1; i <= 6; i++)
                journal.Append(Record(i));
        }
        Flip(2 * JournalRecord.Size + 50);
        using var again = Open(segment: 8);
        var first = again.Read(0, 10);
        Assert.Equal((1ul, 2), (first.FirstSequence, first.Records.Count));
        var second = again.Read(2, 10);
        Assert.Equal((4ul, 3), (second.FirstSequence, second.Records.Count));
    }

    [Fact]
    public void The_next_segment_is_made_ahead_and_used()
    {
        using var journal = Open(segment: 8);
        for (var i = 1; i <= 5; i++)
            journal.Append(Record(i));
        journal.Flush();
        Assert.Equal([JournalSegment.Name(_folder, 1), JournalSegment.Name(_folder, 9, ahead: true)], Segments().Order(StringComparer.Ordinal));
        for (var i = 6; i <= 9; i++)
            journal.Append(Record(i));
        Assert.Equal(2, Segments().Length);
        Assert.Equal((1ul, 9), (journal.Read(0, 100).FirstSequence, journal.Read(0, 100).Records.Count));
    }

    [Fact]
    public void A_spare_that_came_too_late_and_was_left_by_a_crash_is_no_gap()
    {
        using (var journal = Open(segment: 8))
        {
            for (var i = 1; i <= 10; i++)
                journal.Append(Record(i));
        }
        JournalSegment.Create(_folder, 9, 8, ahead: true).Dispose();
        using var again = Open(segment: 8);
        Assert.Equal((10ul, 11ul), (again.Last, AppendOne(again)));
        Assert.Equal((1ul, 11), (again.Read(0, 100).FirstSequence, again.Read(0, 100).Records.Count));
        Assert.Equal(2, Segments().Length);
    }

    [Fact]
    public async Task Whoever_appends_does_not_wait_for_the_disk()
    {
        // A disk that does not answer: making the spare fails, and the one who tells of it waits while it holds what a slow disk would hold.
        Directory.CreateDirectory(JournalSegment.Name(_folder, 9, ahead: true));
        using var log = new StuckLogger();
        using var journal = new InvocationJournal(_folder, _time, log, 8);
        for (var i = 1; i <= 5; i++)
            journal.Append(Record(i));
        var flush = Task.Run(journal.Flush, TestContext.Current.CancellationToken);
        await log.Reached;
        for (var i = 6; i <= 20; i++)
            Assert.True(journal.Append(Record(i)));
        Assert.Equal(20, journal.Read(0, 100).Records.Count);
        Assert.False(flush.IsCompleted);
        log.Release();
        await flush;
    }

    [Fact]
    public void A_lost_epoch_begins_the_journal_anew()
    {
        using (var journal = Open(segment: 8))
            journal.Append(Record(1));
        File.Delete(Path.Join(_folder, "epoch"));
        using var again = Open(segment: 8);
        Assert.Equal(0ul, again.Last);
    }

    [Fact]
    public async Task What_was_appended_before_kill_9_is_there()
    {
        // This program again, as a writer that says each sequence only after its append (JournalWriterProcess).
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true };
        if (Path.GetFileName(Environment.ProcessPath) == "dotnet")
            start.ArgumentList.Add(typeof(JournalTests).Assembly.Location);
        start.Environment[JournalWriterProcess.Variable] = _folder;
        using var writer = Process.Start(start)!;
        ulong said = 0;
        while (said < 1000 && await writer.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
            said = ulong.Parse(line, System.Globalization.CultureInfo.InvariantCulture);
        writer.Kill();
        while (await writer.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
        {
            if (ulong.TryParse(line, System.Globalization.CultureInfo.InvariantCulture, out var more))
                said = Math.Max(said, more);
        }
        await writer.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(said >= 1000);
        using var journal = Open(segment: InvocationJournal.DefaultSegmentRecords);
        Assert.True(journal.Last >= said, $"{journal.Last} records, {said} were said to be written");
        Assert.Equal((int)Math.Min(journal.Last, 100_000), journal.Read(0, 100_000).Records.Count);
    }

    internal static FinishedInvocation Record(int i) => new(
        new Guid(i, 0, 0, new byte[8]), $"f{i}", "$LATEST", 1_700_000_000_000 + i, new UsageReport(i * 1000L, i * 10L, i, 128, 33), InvocationStatus.Timeout);

    private InvocationJournal Open(int segment) => new(_folder, _time, NullLogger.Instance, segment);

    private string[] Segments() => Directory.GetFiles(_folder, "*.journal");

    private static ulong AppendOne(InvocationJournal journal)
    {
        journal.Append(Record(1));
        return journal.Last;
    }

    private void Flip(long offset)
    {
        using var file = new FileStream(Segments().Order(StringComparer.Ordinal).First(), FileMode.Open);
        file.Position = offset;
        var value = file.ReadByte();
        file.Position = offset;
        file.WriteByte((byte)(value ^ 0xff));
    }
}
