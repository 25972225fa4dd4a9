using BenchmarkDotNet.Attributes;
using Hearth.Agent.Reporting;
using Hearth.Agent.Reporting.Journal;
using Hearth.Contracts.V1;
using Microsoft.Extensions.Logging.Abstractions;

namespace Hearth.Bench.Micro;

/// <summary>The record that is stored before each answer.</summary>
[MustNotAllocate]
public class JournalBenchmarks
{
    // Within one file: beginning the next one is done ahead, off the path of an invocation.
    private const int Appends = InvocationJournal.DefaultSegmentRecords * 3 / 4;

    private static readonly FinishedInvocation Record = new(
        Guid.Parse("8476a536-e9f4-11e8-9739-2dfe598c3fcd"), "hello", "$LATEST", 1_790_000_000_000, new UsageReport(1200, 0, 2, 128, 41), InvocationStatus.Success);

    private readonly byte[] _slot = new byte[JournalRecord.Size];
    private string _folder = "";
    private InvocationJournal? _journal;

    [GlobalSetup(Target = nameof(VerifyRecord))]
    public void SetUpRecord() => WriteRecord();

    [IterationSetup(Target = nameof(Append))]
    public void SetUpJournal()
    {
        CleanUpJournal();
        _folder = Path.Combine(WorkFolder.Path, $"journal-{Guid.NewGuid():N}");
        _journal = new InvocationJournal(_folder, TimeProvider.System, NullLogger.Instance);
        _journal.Append(Record);
    }

    [GlobalCleanup(Target = nameof(Append))]
    public void CleanUpJournal()
    {
        if (_journal is null)
            return;
        _journal.Dispose();
        Directory.Delete(_folder, recursive: true);
        _journal = null;
    }

    /// <summary>First touch of the mapped pages included, as in an agent.</summary>
    [Benchmark(OperationsPerInvoke = Appends)]
    public bool Append()
    {
        var stored = true;
        for (var i = 0; i < Appends; i++)
            stored &= _journal!.Append(Record);
        return stored ? true : throw new InvalidOperationException("the journal has no room");
    }

    [Benchmark]
    public byte WriteRecord()
    {
        JournalRecord.Write(_slot, 42, Record);
        return _slot[0];
    }

    [Benchmark]
    public bool VerifyRecord() => JournalRecord.IsValid(_slot, 42);
}
