using Microsoft.Win32.SafeHandles;
using static Tmds.Linux.LibC;

namespace Hearth.Agent.Streaming;

/// <summary>Who gets the bytes that a sandbox prints. Called on the loop's thread only.</summary>
internal interface ILogSink
{
    /// <returns>False to leave the pipe alone for <see cref="LogPipe.Pause"/>: the sandbox then waits for a moment.</returns>
    bool OnOutput(ReadOnlySpan<byte> bytes);
}

/// <summary>stdout and stderr of one sandbox. Reads a bounded amount a turn and never blocks the loop.</summary>
internal sealed class LogPipe : IReadiness
{
    /// <summary>How long a flooding sandbox's pipe is left unread. Long enough that discarding costs the agent little, short enough that nobody hangs.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    private const int BytesPerTurn = 256 * 1024;
    private const int LargestPipe = 1024 * 1024;
    [ThreadStatic]
    private static byte[]? t_scratch;

    private readonly EventLoop _loop;
    private readonly SafeFileHandle _logs;
    private readonly ILogSink _sink;
    private readonly TimeProvider _time;
    private readonly int _fd;
    private ulong _token;
    private ITimer? _resume;
    private bool _paused;
    private bool _closed;

    public LogPipe(EventLoop loop, SafeFileHandle logs, ILogSink sink, TimeProvider time)
    {
        _loop = loop;
        _logs = logs;
        _sink = sink;
        _time = time;
        _fd = Descriptor.Hold(logs);
    }

    public void Open() => _token = _loop.Add(_fd, EPOLLIN, this);

    public void OnReady(bool readable, bool writable)
    {
        if (!Read(BytesPerTurn))
            PauseReading();
    }

    /// <summary>Takes what is in the pipe now: what a runtime printed before its answer is there already.</summary>
    public void Drain()
    {
        if (!_closed && _token != 0)
            Read(LargestPipe);
    }

    public void OnFault(Exception fault) => Close();

    public void Close()
    {
        if (_closed)
            return;
        _closed = true;
        _resume?.Dispose();
        if (_token != 0)
            _loop.Remove(_token, _fd);
        _logs.DangerousRelease();
    }

    private bool Read(int budget)
    {
        var scratch = t_scratch ??= new byte[64 * 1024];
        var calm = true;
        while (budget > 0 && !_closed)
        {
            var count = Sys.Read(_fd, scratch);
            if (count == Sys.WouldBlock)
                break;
            if (count <= 0)
            {
                _loop.Remove(_token, _fd);
                _token = 0;
                break;
            }
            calm &= _sink.OnOutput(scratch.AsSpan(0, count));
            budget -= count;
            if (count < scratch.Length)
                break;
        }
        return calm;
    }

    private void PauseReading()
    {
        if (_closed || _token == 0 || _paused)
            return;
        _paused = true;
        _loop.Change(_token, _fd, 0);
        _resume ??= _time.CreateTimer(static x => ((LogPipe)x!)._loop.Post(((LogPipe)x).Resume), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _resume.Change(Pause, Timeout.InfiniteTimeSpan);
    }

    private void Resume()
    {
        _paused = false;
        if (!_closed && _token != 0)
            _loop.Change(_token, _fd, EPOLLIN);
    }
}
