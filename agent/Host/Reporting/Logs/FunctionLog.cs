using System.Buffers;
using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace Hearth.Agent.Reporting.Logs;

/// <summary>The log of one function. Appending is a copy into memory; a flush (every 100 ms, at 64 KiB and before each read) makes it one write.</summary>
internal sealed class FunctionLog : IDisposable
{
    private const int FlushAt = 64 * 1024;
    private const int IndexEvery = 64 * 1024;
    private readonly string _folder;
    private readonly LogSettings _settings;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly Lock _gate = new();
    private readonly ArrayBufferWriter<byte> _pending = new(4096);
    private SafeFileHandle? _segment;
    private SafeFileHandle? _index;
    private long _size;
    private long _indexed;
    private long _number;
    private long _pendingTime;
    private long _lost;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public FunctionLog(string folder, LogSettings settings, TimeProvider time, ILogger log)
    {
        _folder = folder;
        _settings = settings;
        _time = time;
        _log = log;
    }

    public string Folder => _folder;

    /// <summary>Completes at the first append after it was taken.</summary>
    public Task Changed => Volatile.Read(ref _changed).Task;

    /// <param name="timeUnixMs">When it was read.</param>
    /// <param name="requestId">Empty outside an invocation.</param>
    /// <param name="stream">At most 255 bytes.</param>
    /// <param name="text">At most <see cref="LogRecord.MaxTextLength"/> bytes; UTF-8 as far as the function made it so.</param>
    public void Append(long timeUnixMs, Guid requestId, ReadOnlySpan<byte> stream, ReadOnlySpan<byte> text)
    {
        lock (_gate)
        {
            if (_pending.WrittenCount == 0)
                _pendingTime = timeUnixMs;
            LogRecord.Write(_pending, timeUnixMs, requestId, stream, text);
            if (_pending.WrittenCount >= FlushAt)
                FlushLocked();
        }
        if (Volatile.Read(ref _waiters) > 0)
            Interlocked.Exchange(ref _changed, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
    }

    private int _waiters;

    /// <summary>While at least one follower is there, appends complete <see cref="Changed"/>.</summary>
    public void AddFollower(int delta) => Interlocked.Add(ref _waiters, delta);

    public void Flush()
    {
        lock (_gate)
            FlushLocked();
    }

    /// <summary>Applies the caps; called now and then, and at each new segment.</summary>
    public void Trim()
    {
        lock (_gate)
            if (Directory.Exists(_folder))
                LogSegments.Trim(_folder, _settings, _time.GetUtcNow());
    }

    public void Dispose()
    {
        lock (_gate)
        {
            FlushLocked();
            _segment?.Dispose();
            _index?.Dispose();
            _segment = _index = null;
        }
    }

    private void FlushLocked()
    {
        if (_pending.WrittenCount == 0)
            return;
        try
        {
            if (_segment is null || _size + _pending.WrittenCount > _settings.SegmentBytes)
                BeginSegment();
            if (_size - _indexed >= IndexEvery || _size == 0)
                WriteIndex();
            RandomAccess.Write(_segment!, _pending.WrittenSpan, _size);
            _size += _pending.WrittenCount;
        }
        catch (IOException e)
        {
            // A full disk costs log lines, never invocations.
            if (_lost++ % 1000 == 0)
                _log.LogError("Log lines in {Folder} are lost: {Cause}", _folder, e.Message);
        }
        _pending.ResetWrittenCount();
    }

    private void BeginSegment()
    {
        Directory.CreateDirectory(_folder);
        _segment?.Dispose();
        _index?.Dispose();
        var path = LogSegments.Name(_folder, _pendingTime, _number++);
        while (File.Exists(path))
            path = LogSegments.Name(_folder, _pendingTime, _number++);
        _segment = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        _index = File.OpenHandle(LogSegments.IndexOf(path), FileMode.Create, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        _size = _indexed = 0;
        LogSegments.Trim(_folder, _settings, _time.GetUtcNow());
    }

    private void WriteIndex()
    {
        Span<byte> pair = stackalloc byte[16];
        BinaryPrimitives.WriteInt64LittleEndian(pair, _pendingTime);
        BinaryPrimitives.WriteInt64LittleEndian(pair[8..], _size);
        RandomAccess.Write(_index!, pair, RandomAccess.GetLength(_index!));
        _indexed = _size;
    }
}
