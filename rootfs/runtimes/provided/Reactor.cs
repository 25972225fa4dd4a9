using Tmds.Linux;
using static Tmds.Linux.LibC;

namespace Hearth.Adapter;

/// <summary>Something with a descriptor in the <see cref="Reactor"/>.</summary>
internal interface IReadiness
{
    /// <param name="readable">Bytes wait, or the other end is closed.</param>
    /// <param name="writable">There is room.</param>
    /// <param name="hungUp">The other end is closed; bytes may still wait.</param>
    void OnReady(bool readable, bool writable, bool hungUp);
}

/// <summary>One epoll set and the clock. Everything in this program happens on its thread.</summary>
internal sealed unsafe class Reactor
{
    private const int EventsPerTurn = 32;
    private readonly int _epoll;
    private readonly Dictionary<int, (IReadiness Target, uint Generation)> _targets = [];
    private readonly List<Timed> _timers = [];
    private uint _generation;
    private bool _stopped;

    public Reactor()
    {
        _epoll = epoll_create1(EPOLL_CLOEXEC);
        if (_epoll < 0)
            throw new IOException($"epoll_create1: errno {errno}");
    }

    /// <summary>Milliseconds of a clock that only goes forward.</summary>
    public static long Now => Environment.TickCount64;

    public void Add(int fd, int events, IReadiness target)
    {
        _targets[fd] = (target, ++_generation);
        Control(EPOLL_CTL_ADD, fd, events);
    }

    public void Change(int fd, int events) => Control(EPOLL_CTL_MOD, fd, events);

    public void Remove(int fd)
    {
        if (_targets.Remove(fd))
            _ = epoll_ctl(_epoll, EPOLL_CTL_DEL, fd, null);
    }

    /// <summary>Calls back once, not before <paramref name="milliseconds"/> have passed.</summary>
    public Timed After(long milliseconds, Action action)
    {
        var timed = new Timed(Now + Math.Max(0, milliseconds), action);
        _timers.Add(timed);
        return timed;
    }

    public void Stop() => _stopped = true;

    public void Run()
    {
        var events = stackalloc epoll_event[EventsPerTurn];
        while (!_stopped)
        {
            var count = epoll_wait(_epoll, events, EventsPerTurn, Wait());
            if (count < 0 && errno != EINTR)
                throw new IOException($"epoll_wait: errno {errno}");
            for (var i = 0; i < count && !_stopped; i++)
            {
                var token = events[i].data.u64;
                // Removed, or its number given to another, earlier in this turn.
                if (!_targets.TryGetValue((int)(uint)token, out var entry) || entry.Generation != token >> 32)
                    continue;
                var what = (int)events[i].events;
                entry.Target.OnReady((what & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0, (what & (EPOLLOUT | EPOLLERR)) != 0, (what & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0);
            }
            RunTimers();
        }
    }

    private int Wait()
    {
        var next = long.MaxValue;
        _timers.RemoveAll(static t => t.IsCancelled);
        foreach (var timed in _timers)
            next = Math.Min(next, timed.At);
        return next == long.MaxValue ? -1 : (int)Math.Clamp(next - Now, 0, int.MaxValue);
    }

    private void RunTimers()
    {
        if (_timers.Count == 0)
            return;
        var now = Now;
        foreach (var timed in _timers.FindAll(t => !t.IsCancelled && t.At <= now))
        {
            if (timed.IsCancelled || _stopped)
                continue;
            timed.Cancel();
            timed.Action();
        }
    }

    private void Control(int operation, int fd, int events)
    {
        var e = new epoll_event { events = events };
        e.data.u64 = ((ulong)_targets[fd].Generation << 32) | (uint)fd;
        if (epoll_ctl(_epoll, operation, fd, &e) != 0)
            throw new IOException($"epoll_ctl of descriptor {fd}: errno {errno}");
    }
}

/// <summary>A call that is to come.</summary>
internal sealed class Timed(long at, Action action)
{
    public long At => at;

    public Action Action => action;

    public bool IsCancelled { get; private set; }

    public void Cancel() => IsCancelled = true;
}
