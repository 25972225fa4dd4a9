using System.Globalization;
using Hearth.Contracts.V1;

namespace Hearth.Agent.Reporting.Journal;

/// <summary>
/// Every finished invocation, before its caller is answered, until the control plane has acknowledged it. Sequences count from 1 and never repeat within
/// an epoch; the epoch is made when the folder is begun. fsync once a second: a power cut may lose that second, kill -9 loses nothing.
/// </summary>
internal sealed class InvocationJournal : IDisposable
{
    public const int DefaultSegmentRecords = 16 * 1024;
    private readonly string _folder;
    private readonly int _segmentRecords;
    private readonly ILogger _log;
    // Held while the disk is waited for; taken before the gate, never after, and never by who appends.
    private readonly Lock _disk = new();
    private readonly Lock _gate = new();
    private readonly List<JournalSegment> _segments = [];
    private readonly ITimer _flush;
    private JournalSegment _active;
    private JournalSegment? _spare;
    private int _used;
    private ulong _flushedSequence;
    private ulong _acknowledged;
    private bool _disposed;
    // No room was found: only the flush tries again, once a second.
    private bool _isFull;
    private long _lost;

    public InvocationJournal(string folder, TimeProvider time, ILogger log, int segmentRecords = DefaultSegmentRecords)
    {
        _folder = folder;
        _segmentRecords = segmentRecords;
        _log = log;
        Directory.CreateDirectory(folder);
        Epoch = ReadEpoch(time);
        foreach (var path in Directory.GetFiles(folder, "*.journal").Order(StringComparer.Ordinal))
        {
            // A power cut between its name and its blocks: it never held a record.
            if (new FileInfo(path).Length < JournalRecord.Size)
                File.Delete(path);
            else
                _segments.Add(JournalSegment.Open(path));
        }
        DropUnusedSpares();
        if (_segments.Count == 0)
            _segments.Add(JournalSegment.Create(folder, 1, segmentRecords));
        _active = _segments[^1];
        _used = _active.CountUsed();
        _acknowledged = _segments[0].First - 1;
        _flushedSequence = Last;
        _flush = time.CreateTimer(static x => ((InvocationJournal)x!).FlushQuietly(), this, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
    }

    public ulong Epoch { get; }

    /// <summary>Sequence of the newest record; 0 before the first.</summary>
    public ulong Last
    {
        get
        {
            lock (_gate)
                return _active.First + (ulong)_used - 1;
        }
    }

    public ulong Acknowledged
    {
        get
        {
            lock (_gate)
                return _acknowledged;
        }
    }

    /// <summary>Called after an append, on the appending thread: must be cheap.</summary>
    public Action? Appended { get; set; }

    /// <returns>False when the disk has no room for another segment; the record is then lost and counted.</returns>
    public bool Append(in FinishedInvocation record)
    {
        lock (_gate)
        {
            if (_disposed || (_used == _active.Capacity && !TryRoll()))
            {
                _lost++;
                return false;
            }
            JournalRecord.Write(_active.Slot(_used), _active.First + (ulong)_used, record);
            _used++;
        }
        Appended?.Invoke();
        return true;
    }

    /// <summary>Consecutive records after <paramref name="sequence"/>; empty when there is none. Records that a power cut tore are skipped.</summary>
    public JournalBatch Read(ulong sequence, int most)
    {
        var batch = new JournalBatch { Epoch = Epoch };
        lock (_gate)
        {
            foreach (var segment in _segments)
            {
                var used = segment == _active ? _used : segment.Capacity;
                var from = sequence >= segment.First ? (long)(sequence - segment.First + 1) : 0;
                for (var i = from; i < used && batch.Records.Count < most; i++)
                {
                    if (!segment.IsValid((int)i))
                    {
                        if (batch.Records.Count > 0)
                            return batch;
                        continue;
                    }
                    if (batch.Records.Count == 0)
                        batch.FirstSequence = segment.First + (ulong)i;
                    batch.Records.Add(JournalRecord.Read(segment.Slot((int)i)));
                }
                if (batch.Records.Count >= most)
                    break;
            }
        }
        return batch;
    }

    public void Acknowledge(ulong epoch, ulong sequence)
    {
        List<JournalSegment>? done = null;
        lock (_gate)
        {
            var last = _active.First + (ulong)_used - 1;
            if (epoch != Epoch || sequence <= _acknowledged || sequence > last)
                return;
            _acknowledged = sequence;
            while (_segments.Count > 1 && _segments[0].First + (ulong)_segments[0].Capacity - 1 <= sequence)
            {
                (done ??= []).Add(_segments[0]);
                _segments.RemoveAt(0);
            }
        }
        if (done is null)
            return;
        lock (_disk)
            done.ForEach(Remove);
    }

    public void Flush()
    {
        lock (_disk)
        {
            MakeSpare();
            JournalSegment active;
            ulong last;
            lock (_gate)
            {
                if (_disposed)
                    return;
                last = _active.First + (ulong)_used - 1;
                active = _active;
            }
            if (last == _flushedSequence)
                return;
            foreach (var segment in Unflushed(active))
                segment.Flush();
            _flushedSequence = last;
        }
    }

    public void Dispose()
    {
        _flush.Dispose();
        Flush();
        lock (_disk)
        {
            lock (_gate)
            {
                _disposed = true;
                foreach (var segment in _segments)
                    segment.Dispose();
                if (_spare is { } unused)
                    Remove(unused);
                _spare = null;
            }
        }
    }

    /// <summary>The next segment is made ahead, and not under the gate: reserving its blocks waits for the disk, and whoever appends must not.</summary>
    private void MakeSpare()
    {
        ulong first;
        lock (_gate)
        {
            if (_disposed || _spare is not null || _used <= _active.Capacity / 2)
                return;
            first = _active.First + (ulong)_active.Capacity;
        }
        var spare = TryCreate(first, ahead: true);
        if (spare is null)
            return;
        lock (_gate)
        {
            if (!_disposed && _spare is null && first == _active.First + (ulong)_active.Capacity)
            {
                _spare = spare;
                if (_isFull)
                    _log.LogError("The journal has room again; {Lost} invocations since this agent's start are not in the usage", _lost);
                _isFull = false;
                return;
            }
        }
        // The active segment was full before this one was ready, and another was made in its place.
        Remove(spare);
    }

    private List<JournalSegment> Unflushed(JournalSegment active)
    {
        lock (_gate)
            return _segments.FindAll(s => s == active || s.First + (ulong)s.Capacity > _flushedSequence);
    }

    private bool TryRoll()
    {
        var next = _spare ?? (_isFull ? null : TryCreate(_active.First + (ulong)_active.Capacity));
        _spare = null;
        if (next is null)
        {
            _isFull = true;
            return false;
        }
        _segments.Add(next);
        _active = next;
        _used = 0;
        return true;
    }

    private static void Remove(JournalSegment segment)
    {
        segment.Dispose();
        File.Delete(segment.Path);
    }

    private JournalSegment? TryCreate(ulong first, bool ahead = false)
    {
        try
        {
            return JournalSegment.Create(_folder, first, _segmentRecords, ahead);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            if (!_isFull)
                _log.LogError("The journal cannot grow; usage is not recorded once its last segment is full, until it can: {Cause}", e.Message);
            return null;
        }
    }

    private void FlushQuietly()
    {
        // While the disk does not answer, one thread waits for it, not one more every second.
        if (!_disk.TryEnter())
            return;
        try
        {
            Flush();
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            _log.LogError("The journal could not be synced: {Cause}", e.Message);
        }
        finally
        {
            _disk.Exit();
        }
    }

    // A spare that was made ahead and never used lies after a segment that is not full, or beside the one that was made in its place.
    private void DropUnusedSpares()
    {
        var unused = _segments.FindAll(static s => s.CountUsed() == 0);
        // Without a record anywhere the first one stays: it holds the sequence.
        unused.Remove(_segments.Count == unused.Count ? _segments.FirstOrDefault()! : null!);
        foreach (var segment in unused)
        {
            _segments.Remove(segment);
            Remove(segment);
        }
    }

    private ulong ReadEpoch(TimeProvider time)
    {
        var path = Path.Join(_folder, "epoch");
        if (File.Exists(path) && ulong.TryParse(File.ReadAllText(path), CultureInfo.InvariantCulture, out var epoch))
            return epoch;
        // Sequences begin anew with an epoch: records of a folder whose epoch is lost cannot be told from those that were sent.
        foreach (var orphan in Directory.GetFiles(_folder, "*.journal"))
            File.Move(orphan, orphan + ".orphan", overwrite: true);
        epoch = (ulong)time.GetUtcNow().ToUnixTimeMilliseconds();
        var staging = path + ".new";
        File.WriteAllText(staging, epoch.ToString(CultureInfo.InvariantCulture));
        File.Move(staging, path, overwrite: true);
        return epoch;
    }
}
