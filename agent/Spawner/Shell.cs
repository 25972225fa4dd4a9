using Hearth.Sandbox.Cgroups;

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

    public void Clear()
    {
        Id = 0;
        State = ShellState.Free;
        InitPid = 0;
        InitPidfd = ControlFd = AgentRequests = AgentResponses = AgentLogs = -1;
        Cgroup = CgroupHandles.None;
        InitReaped = false;
        OomKillsSeen = 0;
        OomLooks = 0;
        Generation = 0;
        HasPending = HasDestroyTag = IsDoomed = false;
    }
}
