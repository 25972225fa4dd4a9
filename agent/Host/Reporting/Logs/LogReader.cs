using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace Hearth.Agent.Reporting.Logs;

/// <summary>Walks the segments of one function from a time on, and goes on where it stopped when more was written.</summary>
internal sealed class LogReader : IDisposable
{
    private readonly string _folder;
    private readonly long _sinceUnixMs;
    private readonly byte[] _buffer = new byte[LogRecord.MaxTextLength + 64 * 1024];
    private SafeFileHandle? _file;
    private string _path = "";
    private long _offset;
    private int _start;
    private int _end;

    public LogReader(string folder, long sinceUnixMs)
    {
        _folder = folder;
        _sinceUnixMs = sinceUnixMs;
    }

    /// <returns>False when everything that is written now was read.</returns>
    public bool TryRead(out LogEntry entry)
    {
        while (true)
        {
            if (_file is not null)
            {
                var used = LogRecord.TryRead(_buffer.AsSpan(_start, _end - _start), out entry);
                if (used > 0)
                {
                    _start += used;
                    if (entry.TimeUnixMs >= _sinceUnixMs)
                        return true;
                    continue;
                }
                if (used == 0 && Fill())
                    continue;
            }
            if (!OpenNext())
            {
                entry = default;
                return false;
            }
        }
    }

    public void Dispose() => _file?.Dispose();

    private bool Fill()
    {
        _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
        _end -= _start;
        _start = 0;
        var count = RandomAccess.Read(_file!, _buffer.AsSpan(_end), _offset);
        _offset += count;
        _end += count;
        return count > 0;
    }

    private bool OpenNext()
    {
        var files = LogSegments.List(_folder);
        for (var i = 0; i < files.Length; i++)
        {
            if (string.CompareOrdinal(files[i], _path) <= 0)
                continue;
            // The next one begins before the wanted time: this one holds nothing of interest.
            if (_path.Length == 0 && i + 1 < files.Length && LogSegments.FirstTime(files[i + 1]) < _sinceUnixMs)
                continue;
            // It is there, so the one before it grows no more: what came since its end was seen is read first.
            if (_file is not null && Fill())
                return true;
            if (!TryOpen(files[i]))
                continue;
            return true;
        }
        return false;
    }

    private bool TryOpen(string path)
    {
        try
        {
            var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            _file?.Dispose();
            _file = file;
        }
        catch (IOException)
        {
            return false; // trimmed meanwhile
        }
        _offset = _path.Length == 0 ? Seek(LogSegments.IndexOf(path)) : 0;
        _path = path;
        _start = _end = 0;
        return true;
    }

    private long Seek(string index)
    {
        if (_sinceUnixMs == 0 || !File.Exists(index))
            return 0;
        long offset = 0;
        var pairs = File.ReadAllBytes(index);
        for (var i = 0; i + 16 <= pairs.Length && BinaryPrimitives.ReadInt64LittleEndian(pairs.AsSpan(i)) < _sinceUnixMs; i += 16)
            offset = BinaryPrimitives.ReadInt64LittleEndian(pairs.AsSpan(i + 8));
        return offset;
    }
}
