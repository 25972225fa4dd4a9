using System.Diagnostics;
using Hearth.Sandbox.Cgroups;
using Hearth.Sandbox.Linux;
using Hearth.Sandbox.Plan;
using Hearth.Sandbox.Protocol;
using Tmds.Linux;

namespace Hearth.Spawner;

/// <summary>
/// The spawner's one thread: the agent's requests, what inits report, ends of inits. Nothing in it waits: whatever takes time is a state of a <see cref="Shell"/>.
/// </summary>
internal sealed unsafe partial class SpawnerLoop
{
    /// <summary>How long a stop waits for sandboxes: less than `up` and the unit wait before they kill it.</summary>
    public const long StopMillis = 10_000;

    private const uint EpollIn = 1, EpollRdHup = 0x2000;
    private const int EpollAdd = 1, EpollDel = 2;
    private const long InitMillis = 10_000;
    private const int OomLooks = 50;

    // What one turn may do of the things that can be many at once, so that a request never waits for 4,096 kills or for an agent that never stops asking.
    private const int PacketsATurn = 64, KillsATurn = 64, RemovalsATurn = 32;

    private readonly CgroupDriver _cgroups;
    private readonly ShellMaker _maker;
    private readonly TmpImages _tmp;
    private readonly AgentSocket _agent;
    private readonly int _stopFd;
    private readonly int _epoll;
    private readonly ShellTable _shells = new();
    private int _dying;
    private int _doomed;
    private int _buryFrom;
    private long _stopDeadline;
    private long _allocatedBefore;
    private bool _stopping;

    public SpawnerLoop(CgroupDriver cgroups, ShellMaker maker, TmpImages tmp, AgentSocket agent, int stopFd, bool forks)
    {
        _forks = forks;
        _cgroups = cgroups;
        _maker = maker;
        _tmp = tmp;
        _agent = agent;
        _stopFd = stopFd;
        _epoll = LinuxException.Check(LibC.epoll_create1(O.Cloexec), "epoll_create1", "");
        Watch(_agent.ListenFd, Source.Listen, 0);
        Watch(_stopFd, Source.Stop, 0);
    }

    private enum Source : uint
    {
        Listen,
        Stop,
        Agent,
        Control,
        InitEnd,
        Oom,
        RuntimeEnd,
        Zygote,
        ZygoteEnd,
    }

    /// <summary>Until the stop descriptor ends and every sandbox is gone. The number of those that were not gone <see cref="StopMillis"/> later.</summary>
    public int Run()
    {
        _allocatedBefore = GC.GetAllocatedBytesForCurrentThread();
        var events = stackalloc epoll_event[64];
        while (!_stopping || _shells.Count > 0 || AnyZygote())
        {
            if (_stopping && Stopwatch.GetTimestamp() > _stopDeadline)
                return _shells.Count;
            var untilTended = ZygoteTimeout();
            var looksForOom = _shells.AnyOomLooks();
            var timeout = _doomed > 0 ? 0 : _dying > 0 || looksForOom ? 2 : _tmp.MakeReady() ? 0 : _shells.AnyPending() ? 200 : -1;
            if (untilTended >= 0 && (timeout < 0 || untilTended < timeout))
                timeout = untilTended;
            var count = LibC.epoll_wait(_epoll, events, 64, timeout);
            for (var i = 0; i < count; i++)
            {
                var data = events[i].data.u64;
                Handle((Source)(uint)(data >> 32), (int)(uint)data);
            }

            if (_doomed > 0)
                KillDoomed();
            if (_dying > 0)
                Bury();
            if (looksForOom)
                LookForOomKills();
            CheckDeadlines();
            TendZygotes();
        }

        return 0;
    }

    private void Handle(Source source, int slot)
    {
        switch (source)
        {
            case Source.Listen:
                if (_agent.Accept())
                    Watch(_agent.Fd, Source.Agent, 0);
                break;
            case Source.Stop:
                Unwatch(_stopFd);
                Stop();
                break;
            case Source.Agent:
                ReadAgent();
                break;
            case Source.Control:
                ReadInit(_shells[slot]);
                break;
            case Source.InitEnd:
                InitEnded(_shells[slot]);
                break;
            case Source.Oom:
                OutOfMemory(_shells[slot]);
                break;
            case Source.RuntimeEnd:
                RuntimeEnded(_shells[slot]);
                break;
            case Source.Zygote:
                ReadZygote(_zygotes[slot]);
                break;
            case Source.ZygoteEnd:
                ZygoteEnded(_zygotes[slot]);
                break;
        }
    }

    private void ReadAgent()
    {
        var packet = stackalloc byte[512];
        for (var i = 0; i < PacketsATurn && _agent.Fd >= 0; i++)
        {
            var length = _agent.Receive(packet, 512);
            if (length == -Errno.EAGAIN)
                return;
            if (length < sizeof(RequestHeader) || !Dispatch(packet, length))
            {
                LoseAgent();
                return;
            }
        }
    }

    private void Send(Answer* answer, ReadOnlySpan<int> descriptors)
    {
        // An agent that does not read its answers cannot hold the spawner up.
        if (_agent.Fd >= 0 && !_agent.Send(answer, descriptors))
            LoseAgent();
    }

    private void Watch(int fd, Source source, int slot) => TryWatch(fd, source, slot);

    private bool TryWatch(int fd, Source source, int slot)
    {
        var entry = new epoll_event { events = (int)(EpollIn | EpollRdHup) };
        entry.data.u64 = ((ulong)source << 32) | (uint)slot;
        return LibC.epoll_ctl(_epoll, EpollAdd, fd, &entry) == 0;
    }

    private void Unwatch(int fd)
    {
        epoll_event unused;
        LibC.epoll_ctl(_epoll, EpollDel, fd, &unused);
    }
}
