using Hearth.Sandbox.Cgroups;
using Hearth.Sandbox.Linux;

namespace Hearth.Spawner;

internal enum ShellState
{
    /// <summary>The slot is unused.</summary>
    Free,

    /// <summary>Cloned; init has not reported Ready.</summary>
    Making,

    /// <summary>Ready and empty: waits to be claimed.</summary>
    Empty,

    /// <summary>Warm, Claim or Reset is with init.</summary>
    Starting,

    /// <summary>A runtime was started and waits to be claimed.</summary>
    Warm,

    /// <summary>A runtime was started, with a function's code.</summary>
    Running,

    /// <summary>Init has ended unasked; waits for Destroy.</summary>
    Lost,

    /// <summary>Killed; goes away as soon as its init is reaped and its cgroup is empty.</summary>
    Dying,
}

/// <summary>How far a start by a zygote is.</summary>
internal enum ForkState
{
    /// <summary>None is under way.</summary>
    None,

    /// <summary>Init mounts what the runtime needs.</summary>
    Attaching,

    /// <summary>The zygote is not ready yet.</summary>
    Waiting,

    /// <summary>The order is with the zygote.</summary>
    Asked,
}

/// <summary>What the spawner knows of one sandbox. One object a slot, made at start and used again and again.</summary>
internal sealed class Shell
{
    public Shell(int slot)
    {
        Slot = slot;
        Clear();
    }

    public readonly int Slot;
    public ulong Id;
    public ShellState State;
    public int InitPid;
    public int InitPidfd;
    public int ControlFd;
    public bool InitReaped;
    public CgroupHandles Cgroup;
    public long OomKillsSeen;

    /// <summary>How often the count of kills is still looked at after the group ran into its limit.</summary>
    public int OomLooks;
    public int MemoryMb;

    /// <summary>As in the request that set it: 0 or 1.</summary>
    public int HardCpuCap;
    public int TmpMb;
    public int RuntimeKind;

    /// <summary>The number by which the agent asked for it: the same as the kind, or another interpreter of that kind.</summary>
    public int Program;

    /// <summary>The adapter is executed, and starts the program itself.</summary>
    public bool BehindAdapter;
    public uint Generation;

    public ForkState Fork;

    /// <summary>Of the zygote that is asked.</summary>
    public int ZygoteSlot;

    /// <summary>Of the order that it was given.</summary>
    public uint OrderSerial;

    /// <summary>A runtime that a zygote forked: the spawner's own child, not init's. 0: none that is not reaped.</summary>
    public int RuntimePid;
    public int RuntimePidfd;

    /// <summary>It is being killed; then init resets the sandbox.</summary>
    public bool ResetsNext;

    /// <summary>Tag of the request that waits for init, or of nothing (0 is a valid tag, so a flag goes with it).</summary>
    public uint PendingTag;
    public bool HasPending;
    public bool PendingIsCreate;

    /// <summary>What it is once init has done what is pending.</summary>
    public ShellState PendingState;

    /// <summary>Monotonic milliseconds after which a silent init is taken for dead.</summary>
    public long PendingDeadline;

    /// <summary>Its agent is gone: it is killed in one of the next turns, and no request or answer is about it any more.</summary>
    public bool IsDoomed;

    public uint DestroyTag;
    public bool HasDestroyTag;

    /// <summary>The agent's ends of the pipes of the start that is under way.</summary>
    public int AgentRequests, AgentResponses, AgentLogs;

    /// <summary>The runtime's ends, while a zygote is to have them.</summary>
    public int RuntimeRequests, RuntimeResponses, RuntimeLogs;

    public void ClosePipes()
    {
        CloseRuntimePipes();
        Kernel.Close(AgentRequests);
        Kernel.Close(AgentResponses);
        Kernel.Close(AgentLogs);
        AgentRequests = AgentResponses = AgentLogs = -1;
    }

    public void CloseRuntimePipes()
    {
        Kernel.Close(RuntimeRequests);
        Kernel.Close(RuntimeResponses);
        Kernel.Close(RuntimeLogs);
        RuntimeRequests = RuntimeResponses = RuntimeLogs = -1;
    }

    public void Clear()
    {
        Id = 0;
        State = ShellState.Free;
        InitPid = 0;
        InitPidfd = ControlFd = AgentRequests = AgentResponses = AgentLogs = RuntimeRequests = RuntimeResponses = RuntimeLogs = RuntimePidfd = -1;
        Cgroup = CgroupHandles.None;
        InitReaped = false;
        OomKillsSeen = 0;
        OomLooks = 0;
        Generation = 0;
        HasPending = HasDestroyTag = IsDoomed = ResetsNext = false;
        Fork = ForkState.None;
        RuntimePid = 0;
    }
}
