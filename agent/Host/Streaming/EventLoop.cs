using System.Collections.Concurrent;
using Tmds.Linux;
using static Tmds.Linux.LibC;

namespace Hearth.Agent.Streaming;

/// <summary>
/// One thread on one epoll set: the pipes of every sandbox. Level-triggered; a handler reads a bounded amount and returns, so a loud sandbox
/// only gets its turn. Work from other threads is posted.
/// </summary>
internal sealed class EventLoop : IDisposable
{
    private const int WakeToken = 0;
    private readonly int _epoll = Sys.Epoll();
    private readonly int _wake = Sys.Event();
    private readonly ConcurrentQueue<Action> _posted = new();
    private readonly Dictionary<ulong, IReadiness> _watched = [];
    private readonly Lock _watchGate = new();
    private readonly Lock _wakeGate = new();
    private readonly ILogger _log;
    private readonly Thread _thread;
    private ulong _lastToken;
    private int _wakePending;
    private bool _closed;
    private volatile bool _stopping;

    public EventLoop(ILogger log)
    {
        _log = log;
        Sys.Control(_epoll, EPOLL_CTL_ADD, _wake, EPOLLIN, WakeToken);
        _thread = new Thread(Run) { IsBackground = true, Name = "hearth-loop" };
        _thread.Start();
    }

    public bool IsCurrent => Thread.CurrentThread == _thread;

    /// <returns>A token that <see cref="Change"/> and <see cref="Remove"/> take. Tokens are never used twice, so a late event finds nobody.</returns>
    public ulong Add(int fd, int events, IReadiness owner)
    {
        ulong token;
        lock (_watchGate)
        {
            token = ++_lastToken;
            _watched.Add(token, owner);
        }
        try
        {
            Sys.Control(_epoll, EPOLL_CTL_ADD, fd, events, token);
        }
        catch
        {
            lock (_watchGate)
                _watched.Remove(token);
            throw;
        }
        return token;
    }

    public void Change(ulong token, int fd, int events) => Sys.Control(_epoll, EPOLL_CTL_MOD, fd, events, token);

    /// <summary>Call before the descriptor is closed.</summary>
    public void Remove(ulong token, int fd)
    {
        lock (_watchGate)
            if (!_watched.Remove(token))
                return;
        Sys.Control(_epoll, EPOLL_CTL_DEL, fd, 0, token);
    }

    public void Post(Action work)
    {
        _posted.Enqueue(work);
        if (Interlocked.Exchange(ref _wakePending, 1) != 0)
            return;
        lock (_wakeGate)
        {
            // Afterwards the number may be another file's.
            if (!_closed)
                Sys.Signal(_wake);
        }
    }

    public void Dispose()
    {
        if (_stopping)
            return;
        _stopping = true;
        Sys.Signal(_wake);
        if (!IsCurrent)
            _thread.Join();
        lock (_wakeGate)
        {
            _closed = true;
            Sys.Close(_wake);
        }
        Sys.Close(_epoll);
    }

    private void Run()
    {
        var events = new epoll_event[128];
        while (!_stopping)
        {
            var count = Sys.Wait(_epoll, events, -1);
            for (var i = 0; i < count; i++)
            {
                var token = events[i].data.u64;
                if (token == WakeToken)
                    Sys.Drain(_wake);
                else
                    Turn(token, events[i].events);
            }
            RunPosted();
        }
    }

    private void Turn(ulong token, int events)
    {
        IReadiness? owner;
        lock (_watchGate)
            _watched.TryGetValue(token, out owner);
        if (owner is null)
            return;
        try
        {
            var ended = (events & (EPOLLHUP | EPOLLERR)) != 0;
            owner.OnReady((events & EPOLLIN) != 0 || ended, (events & EPOLLOUT) != 0 || ended);
        }
        catch (Exception fault)
        {
            _log.LogError(fault, "A handler of the event loop failed; what it serves is given up");
            owner.OnFault(fault);
        }
    }

    private void RunPosted()
    {
        // A full fence: what is posted from here on signals, what was posted before is seen below.
        Interlocked.Exchange(ref _wakePending, 0);
        // Bounded by what is there now: work that posts work must not starve the pipes.
        for (var left = _posted.Count; left > 0 && _posted.TryDequeue(out var work); left--)
        {
            try
            {
                work();
            }
            catch (Exception fault)
            {
                _log.LogError(fault, "Work posted to the event loop failed");
            }
        }
        if (!_posted.IsEmpty && Interlocked.Exchange(ref _wakePending, 1) == 0)
            Sys.Signal(_wake);
    }
}
