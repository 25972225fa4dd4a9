using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Hearth.Agent.Reporting.Logs;

/// <summary>
/// The log of one function. Appending is a copy into memory; a flush (every 100 ms, at 64 KiB and before each read) makes it one write, on a thread that
/// may wait for the disk: who appends never does. Lines that come while the disk does not take the ones before are dropped and counted.
/// </summary>
internal sealed class FunctionLog : IDisposable
{
    private const int FlushAt = 64 * 1024;
    private const int IndexEvery = 64 * 1024;
    private const int MaxPending = 2 * 1024 * 1024;
    private static readonly TimeSpan s_idle = TimeSpan.FromMinutes(1);
    private readonly string _folder;
    private LogSettings _settings;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    // The files; held while the disk is waited for. Taken before the gate, never after, and never by who appends.
    private readonly Lock _disk = new();
    // The buffers.
    private readonly Lock _gate = new();
    private ArrayBufferWriter<byte> _pending = new(4096);
    private ArrayBufferWriter<byte> _writing = new(4096);
    private long _pendingTime;
    private long _lastTime;
    private long _droppedLines;
    private bool _flushQueued;
    private SafeFileHandle? _segment;
    private SafeFileHandle? _index;
    // Of the newest segment, open or not.
    private string? _path;
    private long _lastWritten;
    private long _size;
    private long _indexed;
    private long _number;
    private long _failures;
    private int _followers;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public FunctionLog(string folder, LogSettings settings, TimeProvider time, ILogger log)
    {
        _folder = folder;
        _settings = settings;
        _time = time;
        _log = log;
    }

    public string Folder => _folder;

    /// <summary>Caps; new ones hold from the next trim on.</summary>
    public LogSettings Settings
    {
        set => Volatile.Write(ref _settings, value);
    }

    /// <summary>Completes at the first append after it was taken.</summary>
    public Task Changed => Volatile.Read(ref _changed).Task;

    /// <param name="timeUnixMs">When it was read. Instances read at once: what comes later with an earlier time gets the time of the one before, so that the file is in order of time.</param>
    /// <param name="requestId">Empty outside an invocation.</param>
    /// <param name="stream">At most 255 bytes.</param>
    /// <param name="text">At most <see cref="LogRecord.MaxTextLength"/> bytes; UTF-8 as far as the function made it so.</param>
    public void Append(long timeUnixMs, Guid requestId, ReadOnlySpan<byte> stream, ReadOnlySpan<byte> text)
    {
        lock (_gate)
        {
            if (_pending.WrittenCount + text.Length > MaxPending)
            {
                _droppedLines++;
                return;
            }
            timeUnixMs = _lastTime = Math.Max(_lastTime, timeUnixMs);
            if (_pending.WrittenCount == 0)
                _pendingTime = timeUnixMs;
            if (_droppedLines > 0)
                ReportDropped(timeUnixMs, stream);
            LogRecord.Write(_pending, timeUnixMs, requestId, stream, text);
            if (_pending.WrittenCount >= FlushAt && !_flushQueued)
                _flushQueued = ThreadPool.UnsafeQueueUserWorkItem(static log => log.Flush(), this, preferLocal: false);
        }
        if (Volatile.Read(ref _followers) > 0)
            Interlocked.Exchange(ref _changed, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
    }

    /// <summary>While at least one follower is there, appends complete <see cref="Changed"/>.</summary>
    public void AddFollower(int delta) => Interlocked.Add(ref _followers, delta);

    /// <summary>Returns when all that was appended before the call is written, or lost to a full disk.</summary>
    public void Flush()
    {
        lock (_disk)
            FlushLocked();
    }

    /// <summary>Applies the caps; called now and then, and at each new segment.</summary>
    public void Trim()
    {
        lock (_disk)
            if (Directory.Exists(_folder))
                LogSegments.Trim(_folder, _settings, _time.GetUtcNow());
    }

    /// <summary>Deletes what is written by now: all of it, or one stream.</summary>
    /// <param name="stream">"" = all.</param>
    public void Remove(string stream)
    {
        lock (_disk)
        {
            FlushLocked();
            CloseSegment();
            foreach (var segment in LogSegments.List(_folder))
                LogSegments.Remove(segment, stream);
        }
    }

    public void Dispose()
    {
        lock (_disk)
        {
            FlushLocked();
            CloseSegment();
        }
    }

    private void CloseSegment()
    {
        _segment?.Dispose();
        _index?.Dispose();
        _segment = _index = null;
    }

    private void ReportDropped(long timeUnixMs, ReadOnlySpan<byte> stream)
    {
        LogRecord.Write(_pending, timeUnixMs, Guid.Empty, stream, Encoding.UTF8.GetBytes($"LOGS_DROPPED {_droppedLines} lines: the disk of the node did not take the lines before them in time"));
        _droppedLines = 0;
    }

    private void FlushLocked()
    {
        long firstTime;
        lock (_gate)
        {
            _flushQueued = false;
            firstTime = _pendingTime;
            if (_pending.WrittenCount > 0)
                (_pending, _writing) = (_writing, _pending);
        }
        if (_writing.WrittenCount == 0)
        {
            RestWhenIdle();
            return;
        }
        try
        {
            _lastWritten = _time.GetTimestamp();
            if (_segment is null && _path is not null)
                Reopen(_path);
            if (_segment is null || _size + _writing.WrittenCount > _settings.SegmentBytes)
                BeginSegment(firstTime);
            if (_size - _indexed >= IndexEvery || _size == 0)
                WriteIndex(firstTime);
            RandomAccess.Write(_segment!, _writing.WrittenSpan, _size);
            _size += _writing.WrittenCount;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A full disk costs log lines, never invocations.
            if (_failures++ % 1000 == 0)
                _log.LogError("Log lines in {Folder} are lost: {Cause}", _folder, e.Message);
        }
        // What one loud moment needed is not kept for ever.
        if (_writing.Capacity > 4 * FlushAt)
            _writing = new ArrayBufferWriter<byte>(4096);
        else
            _writing.ResetWrittenCount();
    }

    // A function that once printed costs no descriptors and no buffers for the life of the agent.
    private void RestWhenIdle()
    {
        if (_segment is null || _time.GetElapsedTime(_lastWritten) < s_idle)
            return;
        CloseSegment();
        _writing = new ArrayBufferWriter<byte>();
    }

    private void Reopen(string path)
    {
        // Trimmed meanwhile: a new one is begun.
        if (!File.Exists(path))
            return;
        _index = File.OpenHandle(LogSegments.IndexOf(path), FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        _segment = File.OpenHandle(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        _size = RandomAccess.GetLength(_segment);
        _indexed = Math.Min(_indexed, _size);
    }

    private void BeginSegment(long firstTime)
    {
        Directory.CreateDirectory(_folder);
        CloseSegment();
        var path = LogSegments.Name(_folder, firstTime, _number++);
        while (File.Exists(path))
            path = LogSegments.Name(_folder, firstTime, _number++);
        // The segment last: where there is one, there is an index, whatever fails.
        _index = File.OpenHandle(LogSegments.IndexOf(path), FileMode.Create, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        _segment = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        _path = path;
        _size = _indexed = 0;
        LogSegments.Trim(_folder, _settings, _time.GetUtcNow());
    }

    private void WriteIndex(long firstTime)
    {
        Span<byte> pair = stackalloc byte[16];
        BinaryPrimitives.WriteInt64LittleEndian(pair, firstTime);
        BinaryPrimitives.WriteInt64LittleEndian(pair[8..], _size);
        RandomAccess.Write(_index!, pair, RandomAccess.GetLength(_index!));
        _indexed = _size;
    }
}
