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
internal sealed unsafe class SpawnerLoop
{
    private const uint EpollIn = 1, EpollRdHup = 0x2000;
    private const int EpollAdd = 1, EpollDel = 2;
    private const long InitMillis = 10_000;
    private const int OomLooks = 50;
    // Less than `up` and the unit wait before they kill it.
    private const long StopMillis = 10_000;

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

    public SpawnerLoop(CgroupDriver cgroups, ShellMaker maker, TmpImages tmp, AgentSocket agent, int stopFd)
    {
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
    }

    /// <summary>Until the stop descriptor ends and every sandbox is gone. False when some were not gone 30 s later.</summary>
    public bool Run()
    {
        _allocatedBefore = GC.GetAllocatedBytesForCurrentThread();
        var events = stackalloc epoll_event[64];
        while (!_stopping || _shells.Count > 0)
        {
            if (_stopping && Stopwatch.GetTimestamp() > _stopDeadline)
                return false;
            var looksForOom = _shells.AnyOomLooks();
            var timeout = _doomed > 0 ? 0 : _dying > 0 || looksForOom ? 2 : _tmp.MakeReady() ? 0 : _shells.AnyPending() ? 200 : -1;
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
        }

        return true;
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

    /// <summary>False when the packet cannot come from an agent of ours: the connection ends.</summary>
    private bool Dispatch(byte* packet, int length)
    {
        var header = (RequestHeader*)packet;
        if (header->Version != SpawnerProtocol.Version)
        {
            Refuse(header, SetupStep.UnknownRequest, Errno.EPROTO);
            return false;
        }

        switch (header->Kind)
        {
            case RequestKind.Hello when length == sizeof(RequestHeader):
                var hello = new Answer { Version = SpawnerProtocol.Version, Kind = AnswerKind.Reply, Tag = header->Tag, Value = _cgroups.Mode == "v2" ? 1 : 2 };
                Send(&hello, []);
                return true;
            case RequestKind.Status when length == sizeof(RequestHeader):
                var allocated = GC.GetAllocatedBytesForCurrentThread() - _allocatedBefore;
                var status = new Answer { Version = SpawnerProtocol.Version, Kind = AnswerKind.Reply, Tag = header->Tag, Value = (int)Math.Min(allocated, int.MaxValue), Generation = (uint)_shells.Count };
                Send(&status, []);
                return true;
            case RequestKind.Create when length == sizeof(CreateRequest):
                Create((CreateRequest*)packet);
                return true;
            case RequestKind.Claim when length == sizeof(ClaimRequest):
                Claim((ClaimRequest*)packet);
                return true;
            case RequestKind.Reset when length == sizeof(RequestHeader):
                Reset(header);
                return true;
            case RequestKind.Destroy when length == sizeof(RequestHeader):
                Destroy(header);
                return true;
            default:
                Refuse(header, SetupStep.UnknownRequest, Errno.EPROTO);
                return false;
        }
    }

    private void Create(CreateRequest* request)
    {
        var header = &request->Header;
        if (header->SandboxId is 0 or > RequestHeader.MaxSandboxId || request->MemoryMb is < 128 or > 10240 || request->TmpMb is < 512 or > 10240 || request->HardCpuCap is not (0 or 1))
        {
            Refuse(header, SetupStep.BadArgument, Errno.EINVAL);
            return;
        }

        if (_shells.Find(header->SandboxId) is not null)
        {
            Refuse(header, SetupStep.DuplicateSandbox, Errno.EEXIST);
            return;
        }

        if (_shells.IsFull || _stopping)
        {
            Refuse(header, SetupStep.TooManySandboxes, Errno.EUSERS);
            return;
        }

        var shell = _shells.Take();
        shell.Id = header->SandboxId;
        var result = _maker.Create(shell, *request, out var step);
        if (result < 0)
        {
            Refuse(header, step, -result);
            Free(shell);
            return;
        }

        _shells.Name(shell);
        shell.State = ShellState.Making;
        Await(shell, header->Tag, isCreate: true);
        Watch(shell.ControlFd, Source.Control, shell.Slot);
        Watch(shell.InitPidfd, Source.InitEnd, shell.Slot);
        if (shell.Cgroup.OomEventFd >= 0)
            Watch(shell.Cgroup.OomEventFd, Source.Oom, shell.Slot);
    }

    private void Claim(ClaimRequest* request)
    {
        var header = &request->Header;
        // Several layers come as one folder, which the agent has merged.
        if (!RuntimeTable.Exists(request->Runtime) || request->LayerCount is < 0 or > 1)
        {
            Refuse(header, SetupStep.BadArgument, Errno.EINVAL);
            return;
        }

        if (Find(header, ShellState.Empty) is not { } shell)
            return;
        var result = _maker.Claim(shell, request, out var step);
        Started(shell, header, result, step);
    }

    private void Reset(RequestHeader* header)
    {
        if (Find(header, ShellState.Running) is not { } shell)
            return;
        var result = _maker.Reset(shell, out var step);
        Started(shell, header, result, step);
    }

    private void Started(Shell shell, RequestHeader* header, int result, SetupStep step)
    {
        if (result < 0)
        {
            Refuse(header, step, -result);
            return;
        }

        shell.State = ShellState.Starting;
        Await(shell, header->Tag, isCreate: false);
    }

    private Shell? Find(RequestHeader* header, ShellState state)
    {
        if (_shells.Find(header->SandboxId) is not { IsDoomed: false } shell)
            Refuse(header, SetupStep.UnknownSandbox, Errno.ESRCH);
        else if (shell.State != state)
            Refuse(header, SetupStep.WrongState, Errno.EBUSY);
        else
            return shell;
        return null;
    }

    private void Destroy(RequestHeader* header)
    {
        if (_shells.Find(header->SandboxId) is not { IsDoomed: false } shell)
        {
            Refuse(header, SetupStep.UnknownSandbox, Errno.ESRCH);
            return;
        }

        if (shell.HasDestroyTag)
        {
            Refuse(header, SetupStep.WrongState, Errno.EBUSY);
            return;
        }

        shell.DestroyTag = header->Tag;
        shell.HasDestroyTag = true;
        Kill(shell);
    }

    private void ReadInit(Shell shell)
    {
        InitReportMessage report;
        while (shell.ControlFd >= 0)
        {
            var length = Packets.Receive(shell.ControlFd, &report, sizeof(InitReportMessage));
            if (length == -Errno.EAGAIN)
                return;
            if (length != sizeof(InitReportMessage))
            {
                // Init is gone or beside itself; its end is told by the pidfd.
                Unwatch(shell.ControlFd);
                Kernel.Close(shell.ControlFd);
                shell.ControlFd = -1;
                if (length != 0)
                    Kill(shell);
                return;
            }

            Reported(shell, report);
        }
    }

    private void Reported(Shell shell, in InitReportMessage report)
    {
        switch (report.Report)
        {
            case InitReport.Ready when shell.State == ShellState.Making:
                shell.State = ShellState.Empty;
                AnswerPending(shell, SetupStep.None, 0);
                break;
            case InitReport.Started when shell.State == ShellState.Starting:
                shell.State = ShellState.Running;
                AnswerPending(shell, SetupStep.None, 0);
                break;
            case InitReport.Failed:
                if (shell.State == ShellState.Starting)
                    shell.State = ShellState.Running;
                AnswerPending(shell, report.Step, Math.Max(1, report.Error));
                break;
            case InitReport.Exited when report.Generation == shell.Generation && shell.State is ShellState.Running or ShellState.Starting:
                var kills = ReadOomKills(shell);
                var exited = new Answer
                {
                    Version = SpawnerProtocol.Version,
                    Kind = AnswerKind.RuntimeExited,
                    SandboxId = shell.Id,
                    Value = report.Status,
                    Generation = report.Generation,
                    Flags = kills > shell.OomKillsSeen ? Answer.FlagOutOfMemory : (ushort)0,
                };
                shell.OomKillsSeen = kills;
                if (!shell.IsDoomed)
                    Send(&exited, []);
                break;
        }
    }

    private void AnswerPending(Shell shell, SetupStep step, int error)
    {
        if (!shell.HasPending)
            return;
        shell.HasPending = false;
        var answer = new Answer { Version = SpawnerProtocol.Version, Kind = AnswerKind.Reply, Tag = shell.PendingTag, SandboxId = shell.Id, Step = step, Error = error, Generation = shell.Generation };
        var descriptors = stackalloc int[SpawnerProtocol.ShellFdCount];
        if (error != 0)
        {
            Send(&answer, []);
        }
        else if (shell.PendingIsCreate)
        {
            descriptors[(int)ShellFd.InitPidfd] = shell.InitPidfd;
            descriptors[(int)ShellFd.Freeze] = shell.Cgroup.FreezeFd;
            descriptors[(int)ShellFd.Kill] = shell.Cgroup.KillFd;
            descriptors[(int)ShellFd.Events] = shell.Cgroup.EventsFd;
            descriptors[(int)ShellFd.Oom] = shell.Cgroup.OomFd;
            descriptors[(int)ShellFd.MemoryPeak] = shell.Cgroup.PeakFd;
            descriptors[(int)ShellFd.MemoryCurrent] = shell.Cgroup.CurrentFd;
            descriptors[(int)ShellFd.CpuStat] = shell.Cgroup.CpuStatFd;
            for (var i = 0; i < SpawnerProtocol.ShellFdCount; i++)
            {
                if (descriptors[i] < 0)
                    descriptors[i] = shell.InitPidfd;
            }

            Send(&answer, new ReadOnlySpan<int>(descriptors, SpawnerProtocol.ShellFdCount));
        }
        else
        {
            descriptors[0] = shell.AgentRequests;
            descriptors[1] = shell.AgentResponses;
            descriptors[2] = shell.AgentLogs;
            Send(&answer, new ReadOnlySpan<int>(descriptors, SpawnerProtocol.PipeFdCount));
        }

        ClosePipes(shell);
    }

    private static void ClosePipes(Shell shell)
    {
        Kernel.Close(shell.AgentRequests);
        Kernel.Close(shell.AgentResponses);
        Kernel.Close(shell.AgentLogs);
        shell.AgentRequests = shell.AgentResponses = shell.AgentLogs = -1;
    }

    /// <summary>v1 has no memory.oom.group: the kernel killed one process, init kills the others.</summary>
    private static void OutOfMemory(Shell shell)
    {
        ulong count;
        if (Kernel.Read(shell.Cgroup.OomEventFd, &count, 8) == 8)
            shell.OomLooks = OomLooks;
        if (shell.State is not (ShellState.Running or ShellState.Starting))
            shell.OomLooks = 0;
        if (shell.OomLooks == 0)
            return;

        // The event comes before the kill: look again shortly if there is none yet.
        shell.OomLooks--;
        if (ReadOomKills(shell) == shell.OomKillsSeen)
            return;
        shell.OomLooks = 0;
        var order = new InitOrderMessage { Order = InitOrder.KillAll };
        Packets.Send(shell.ControlFd, &order, sizeof(InitOrderMessage), null, 0, []);
    }

    private static long ReadOomKills(Shell shell) => CgroupReader.ReadOomKills(shell.Cgroup.OomFd);

    private void InitEnded(Shell shell)
    {
        Unwatch(shell.InitPidfd);
        int status;
        Kernel.Wait4(shell.InitPid, &status, 0);
        shell.InitReaped = true;

        // What init wrote last (the step that failed) is still in the socket.
        if (shell.State != ShellState.Dying)
            ReadInit(shell);
        AnswerPending(shell, SetupStep.InitSilent, Errno.ESRCH);
        if (shell.State == ShellState.Dying)
            return;
        var wasEmpty = shell.State == ShellState.Making;
        var kills = ReadOomKills(shell);
        var lost = new Answer
        {
            Version = SpawnerProtocol.Version,
            Kind = AnswerKind.SandboxLost,
            SandboxId = shell.Id,
            Value = status,
            Generation = shell.Generation,
            Flags = kills > shell.OomKillsSeen ? Answer.FlagOutOfMemory : (ushort)0,
        };
        shell.State = ShellState.Lost;
        if (wasEmpty)
            Kill(shell); // its Create was answered with the error: the agent does not know it
        else if (!shell.IsDoomed)
            Send(&lost, []);
    }

    private void Kill(Shell shell)
    {
        if (shell.State == ShellState.Dying)
            return;
        shell.State = ShellState.Dying;
        _dying++;
        if (shell.IsDoomed)
            _doomed--;
        AnswerPending(shell, SetupStep.InitSilent, Errno.ESRCH);
        fixed (byte* one = "1"u8)
        {
            if (Kernel.Write(shell.Cgroup.KillFd, one, 1) < 0 && !shell.InitReaped)
                Kernel.Kill(shell.InitPid, Sig.Kill);
        }
    }

    private void KillDoomed()
    {
        var left = KillsATurn;
        foreach (var shell in _shells.Used)
        {
            if (!shell.IsDoomed || shell.State is ShellState.Free or ShellState.Dying)
                continue;
            Kill(shell);
            if (--left == 0)
                return;
        }
    }

    /// <summary>Removes the groups of those whose init is reaped; a group stays busy for a moment after its last process. Takes turns where they are many.</summary>
    private void Bury()
    {
        var used = _shells.Used;
        var left = RemovalsATurn;
        for (var i = 0; i < used.Length && left > 0; i++)
        {
            _buryFrom = _buryFrom + 1 >= used.Length ? 0 : _buryFrom + 1;
            var shell = used[_buryFrom];
            if (shell.State != ShellState.Dying || !shell.InitReaped)
                continue;
            left--;
            if (_cgroups.Remove(shell.Id) < 0)
                continue;
            _dying--;
            if (shell.HasDestroyTag)
            {
                var answer = new Answer { Version = SpawnerProtocol.Version, Kind = AnswerKind.Reply, Tag = shell.DestroyTag, SandboxId = shell.Id };
                Send(&answer, []);
            }

            Free(shell);
        }
    }

    private void Free(Shell shell)
    {
        if (shell.Cgroup.OomEventFd >= 0)
            Unwatch(shell.Cgroup.OomEventFd);
        shell.Cgroup.Close();
        Kernel.Close(shell.InitPidfd);
        Kernel.Close(shell.ControlFd);
        ClosePipes(shell);
        _shells.Return(shell);
    }

    private static void Await(Shell shell, uint tag, bool isCreate)
    {
        shell.HasPending = true;
        shell.PendingTag = tag;
        shell.PendingIsCreate = isCreate;
        shell.PendingDeadline = Stopwatch.GetTimestamp() + (InitMillis * Stopwatch.Frequency / 1000);
    }

    private void LookForOomKills()
    {
        foreach (var shell in _shells.Used)
        {
            if (shell.OomLooks > 0)
                OutOfMemory(shell);
        }
    }

    private void CheckDeadlines()
    {
        var now = Stopwatch.GetTimestamp();
        foreach (var shell in _shells.Used)
        {
            if (shell.HasPending && now > shell.PendingDeadline)
                Kill(shell);
        }
    }

    private void Refuse(RequestHeader* header, SetupStep step, int error)
    {
        var answer = new Answer { Version = SpawnerProtocol.Version, Kind = AnswerKind.Reply, Tag = header->Tag, SandboxId = header->SandboxId, Step = step, Error = error };
        Send(&answer, []);
    }

    private void Send(Answer* answer, ReadOnlySpan<int> descriptors)
    {
        // An agent that does not read its answers cannot hold the spawner up.
        if (_agent.Fd >= 0 && !_agent.Send(answer, descriptors))
            LoseAgent();
    }

    /// <summary>Sandboxes belong to the connection: the agent that comes next knows nothing of them.</summary>
    private void LoseAgent()
    {
        if (_agent.Fd < 0)
            return;
        Unwatch(_agent.Fd);
        _agent.Drop();
        Doom();
    }

    private void Stop()
    {
        _stopping = true;
        _stopDeadline = Stopwatch.GetTimestamp() + (StopMillis * Stopwatch.Frequency / 1000);
        if (_agent.Fd >= 0)
            LoseAgent();
        Doom();
        _tmp.DropReady();
    }

    /// <summary>All that there is now ends, a batch a turn. Tags of an agent that is gone must not reach the next one.</summary>
    private void Doom()
    {
        foreach (var shell in _shells.Used)
        {
            shell.HasPending = shell.HasDestroyTag = false;
            if (shell.State == ShellState.Free || shell.IsDoomed)
                continue;
            shell.IsDoomed = true;
            _doomed += shell.State == ShellState.Dying ? 0 : 1;
        }
    }

    private void Watch(int fd, Source source, int slot)
    {
        var entry = new epoll_event { events = (int)(EpollIn | EpollRdHup) };
        entry.data.u64 = ((ulong)source << 32) | (uint)slot;
        LibC.epoll_ctl(_epoll, EpollAdd, fd, &entry);
    }

    private void Unwatch(int fd)
    {
        epoll_event unused;
        LibC.epoll_ctl(_epoll, EpollDel, fd, &unused);
    }
}
