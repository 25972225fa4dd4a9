namespace Hearth.Agent.Spawning;

/// <summary>
/// Sandboxes of one kind, made ahead of time: a start claims one instead of waiting for namespaces, mounts, cgroups and perhaps an interpreter. As many as were claimed in the busiest
/// second lately, so that the next such second finds them. Made one at a time and only when nothing was claimed for a moment: a start goes first. Nothing comes back: what a tenant was in
/// is destroyed.
/// </summary>
internal sealed class ShellPool<T> : IDisposable
    where T : class, ISandbox
{
    /// <summary>Starts that come together are let through before their places are filled.</summary>
    private static readonly TimeSpan s_quiet = TimeSpan.FromMilliseconds(5);

    private static readonly TimeSpan s_window = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan s_tick = TimeSpan.FromMilliseconds(1);

    /// <summary>Of the wanted number, each second: halved in 14 s.</summary>
    private const double Fading = 0.95;

    private readonly int _least;
    private readonly TimeSpan _keptFor;
    private readonly Func<Task<T>> _create;
    private readonly PoolRoom.Share _room;
    private readonly int _most;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly Lock _gate = new();
    private readonly Queue<T> _ready = new();
    private readonly ITimer _timer;
    private long _windowBegan;
    private int _claimedInWindow;
    private double _demand;
    private long? _lastClaim;
    private long _lastNews;

    /// <summary>After one that could not be made: earlier none is begun.</summary>
    private long _notBefore = long.MinValue;

    /// <summary>Counts spawners: what is made by one that is gone is none of ours.</summary>
    private int _connection;
    private int _failures;
    private bool _isMaking;
    private bool _isOpen;
    private bool _isDisposed;

    /// <param name="least">Kept ready for <paramref name="keptFor"/> after the last claim or <see cref="Expect"/>, whatever the demand.</param>
    /// <param name="create">Makes one; throws <see cref="SpawnerException"/>.</param>
    /// <param name="room">Shared with other pools.</param>
    public ShellPool(int least, TimeSpan keptFor, Func<Task<T>> create, PoolRoom room, TimeProvider time, ILogger log)
    {
        (_least, _keptFor, _create, _room, _most, _time, _log) = (least, keptFor, create, room.Join(least), room.Most, time, log);
        _windowBegan = _lastNews = time.GetTimestamp();
        _timer = time.CreateTimer(_ => Step(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public int Count
    {
        get
        {
            lock (_gate)
                return _ready.Count;
        }
    }

    /// <summary>The spawner is there, and it is not disposed of.</summary>
    public bool IsOpen
    {
        get
        {
            lock (_gate)
                return _isOpen;
        }
    }

    /// <summary>One that lives, or null: then make one.</summary>
    public T? TryTake()
    {
        lock (_gate)
        {
            if (!_isOpen)
                return null;
            Roll();
            // More than there is room for are of no use, and a number of hundreds would be minutes in fading.
            _claimedInWindow = Math.Min(_claimedInWindow + 1, _most);
            _lastNews = _time.GetTimestamp();
            _lastClaim = _lastNews;
            if (_failures == 0)
                WakeIn(s_quiet);
            while (_ready.TryDequeue(out var candidate))
            {
                _room.Leave();
                if (!candidate.Exited.IsCompleted)
                    return candidate;
                _ = candidate.DestroyAsync();
            }
            return null;
        }
    }

    /// <summary>A start is about to ask: what is made for the next one waits until it is through.</summary>
    public void Begin()
    {
        lock (_gate)
            _lastClaim = _lastNews = _time.GetTimestamp();
    }

    /// <summary>Somebody may soon want one.</summary>
    public void Expect()
    {
        lock (_gate)
            _lastNews = _time.GetTimestamp();
        Step();
    }

    /// <summary>The spawner is there.</summary>
    public void Open()
    {
        lock (_gate)
        {
            _isOpen = !_isDisposed;
            _failures = 0;
            _notBefore = long.MinValue;
        }
        Step();
    }

    /// <summary>The spawner is gone, and has taken all along.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _isOpen = false;
            _connection++;
            _room.Leave(_ready.Count);
            // Nothing is left of them but their descriptors here.
            while (_ready.TryDequeue(out var gone))
                _ = gone.DestroyAsync();
        }
    }

    /// <summary>Lets go of all that is ready, and of what is being made.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_isDisposed)
                return;
            _isDisposed = true;
        }
        Close();
        _room.Dispose();
        _timer.Dispose();
    }

    /// <summary>Begins to make the next one if it is time to, and lets go of one that is too many.</summary>
    private void Step()
    {
        int connection;
        lock (_gate)
        {
            if (!_isOpen || _isMaking)
                return;
            Roll();
            DropDead();
            var wanted = Wanted();
            if (_ready.Count > wanted)
            {
                _room.Leave();
                _ = _ready.Dequeue().DestroyAsync();
            }
            var missing = _ready.Count < wanted;
            var untilRetry = _time.GetElapsedTime(_time.GetTimestamp(), Math.Max(_notBefore, _time.GetTimestamp()));
            if (missing && untilRetry > TimeSpan.Zero)
            {
                WakeIn(untilRetry);
                return;
            }
            var sinceClaim = _lastClaim is { } claim ? _time.GetElapsedTime(claim) : s_quiet;
            if (missing && sinceClaim < s_quiet)
            {
                WakeIn(s_quiet - sinceClaim);
                return;
            }
            if (!missing || !_room.TryEnter())
            {
                // Demand fades, and somebody must let go of what it leaves.
                if (wanted > 0 || _ready.Count > 0)
                    WakeIn(s_window);
                return;
            }
            _isMaking = true;
            connection = _connection;
        }
        _ = MakeAsync(connection);
    }

    private async Task MakeAsync(int connection)
    {
        T? made = null;
        try
        {
            made = await _create().ConfigureAwait(false);
        }
        catch (SpawnerException e)
        {
            // Starts make their own meanwhile, and say what fails.
            if (_failures == 0 && _isOpen)
                _log.LogWarning("No sandbox could be made ahead of time: {Cause}", e.Message);
        }
        lock (_gate)
        {
            _isMaking = false;
            if (made is not null && _isOpen && connection == _connection)
            {
                _ready.Enqueue(made);
            }
            else
            {
                _room.Leave();
                _ = made?.DestroyAsync();
            }
            _failures = made is null ? _failures + 1 : 0;
            if (_failures > 0)
            {
                var wait = s_window * (1 << Math.Min(_failures - 1, 6));
                _notBefore = _time.GetTimestamp() + (long)(wait.TotalSeconds * _time.TimestampFrequency);
                WakeIn(wait);
                return;
            }
        }
        Step();
    }

    /// <summary>One that ended while it waited would keep its place until somebody comes for it.</summary>
    private void DropDead()
    {
        for (var left = _ready.Count; left > 0; left--)
        {
            var shell = _ready.Dequeue();
            if (!shell.Exited.IsCompleted)
            {
                _ready.Enqueue(shell);
                continue;
            }
            _room.Leave();
            _ = shell.DestroyAsync();
        }
    }

    private void WakeIn(TimeSpan wait)
    {
        // Timers count whole milliseconds, and one that fires early finds nothing to do.
        if (!_isDisposed)
            _timer.Change(wait < s_tick ? s_tick : wait, Timeout.InfiniteTimeSpan);
    }

    private int Wanted() => Math.Max((int)Math.Ceiling(Math.Max(_demand, _claimedInWindow)), _time.GetElapsedTime(_lastNews) < _keptFor ? _least : 0);

    private void Roll()
    {
        var windows = (int)Math.Min(1_000, _time.GetElapsedTime(_windowBegan) / s_window);
        if (windows == 0)
            return;
        _demand = Math.Max(_demand, _claimedInWindow) * Math.Pow(Fading, windows);
        if (_demand < 0.5)
            _demand = 0;
        _claimedInWindow = 0;
        _windowBegan = _time.GetTimestamp();
    }
}
