using System.Buffers;
using System.Text;
using Hearth.Agent.Streaming;

namespace Hearth.Agent.Reporting.Logs;

/// <summary>
/// What one instance prints, cut into lines of at most 256 KiB, and the platform's own lines about it. Used by the loop's thread and, at the start of an
/// invocation, by the one that dispatches it.
/// </summary>
internal sealed class InstanceLog : ILogSink
{
    private readonly FunctionLog _log;
    private readonly TimeProvider _time;
    private readonly byte[] _stream;
    private readonly FloodBudget _budget;
    private readonly Lock _gate = new();
    private ArrayBufferWriter<byte> _line = new(256);
    private Guid _requestId;
    private LogTail? _tail;

    public InstanceLog(FunctionLog log, string stream, TimeProvider time)
    {
        _log = log;
        _time = time;
        Stream = stream;
        _stream = Encoding.UTF8.GetBytes(stream);
        _budget = new FloodBudget(time);
    }

    public string Stream { get; }

    /// <summary>From here on, output belongs to this invocation.</summary>
    public void Begin(Guid requestId, LogTail? tail)
    {
        lock (_gate)
        {
            EndLine();
            _requestId = requestId;
            _tail = tail;
        }
    }

    /// <summary>Output after it belongs to no invocation.</summary>
    public void End()
    {
        lock (_gate)
        {
            EndLine();
            _requestId = Guid.Empty;
            _tail = null;
        }
    }

    /// <summary>A line of the platform's: never dropped.</summary>
    public void WritePlatform(ReadOnlySpan<byte> text)
    {
        lock (_gate)
        {
            EndLine();
            ReportDropped();
            Put(text);
        }
    }

    public bool OnOutput(ReadOnlySpan<byte> bytes)
    {
        var calm = true;
        lock (_gate)
        {
            while (!bytes.IsEmpty)
            {
                var end = bytes.IndexOf((byte)'\n');
                var part = end < 0 ? bytes : bytes[..end];
                bytes = end < 0 ? default : bytes[(end + 1)..];
                calm &= Take(part, end >= 0);
            }
        }
        return calm;
    }

    private bool Take(ReadOnlySpan<byte> part, bool ends)
    {
        var calm = true;
        while (_line.WrittenCount + part.Length > LogRecord.MaxTextLength)
        {
            var fit = LogRecord.MaxTextLength - _line.WrittenCount;
            _line.Write(part[..fit]);
            part = part[fit..];
            calm &= Emit(_line.WrittenSpan);
            _line.ResetWrittenCount();
        }
        if (!ends)
        {
            _line.Write(part);
            return calm;
        }
        if (_line.WrittenCount == 0)
            return calm & Emit(part);
        _line.Write(part);
        calm &= Emit(_line.WrittenSpan);
        Forget();
        return calm;
    }

    private bool Emit(ReadOnlySpan<byte> text)
    {
        if (!_budget.TryTake(text.Length))
            return false;
        if (_budget.DroppedLines > 0)
            ReportDropped();
        Put(text);
        return true;
    }

    private void EndLine()
    {
        if (_line.WrittenCount == 0)
            return;
        Emit(_line.WrittenSpan);
        Forget();
    }

    private void Forget()
    {
        // A long line must not pin its buffer for the life of the instance.
        if (_line.Capacity > 64 * 1024)
            _line = new ArrayBufferWriter<byte>(256);
        else
            _line.ResetWrittenCount();
    }

    private void ReportDropped()
    {
        var (lines, bytes) = _budget.TakeDropped();
        if (lines > 0)
            Put(Encoding.UTF8.GetBytes($"LOGS_DROPPED {lines} lines, {bytes} bytes: this instance prints faster than 1 MiB a second"));
    }

    private void Put(ReadOnlySpan<byte> text)
    {
        _log.Append(_time.GetUtcNow().ToUnixTimeMilliseconds(), _requestId, _stream, text);
        _tail?.Append(text);
    }
}
