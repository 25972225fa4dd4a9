using Hearth.Sandbox.Cgroups;
using Hearth.Sandbox.Linux;
using Hearth.Sandbox.Protocol;

namespace Hearth.Spawner;

internal enum ZygoteState
{
    /// <summary>The slot is unused.</summary>
    Free,

    /// <summary>Cloned; it loads the interpreter.</summary>
    Starting,

    Ready,

    /// <summary>Gets no more orders; ends when it has done those that it has.</summary>
    Retired,

    /// <summary>Killed or ended; waits to be reaped, and then for its group to be empty.</summary>
    Ended,
}

/// <summary>
/// What the spawner knows of one zygote. Its children share its address layout, canaries and hash secret, so each is replaced by a fresh exec before many could be
/// compared: see <see cref="IsWorn"/>.
/// </summary>
internal sealed class Zygote
{
    /// <summary>At the same time: one for each interpreter in use, and those that they replace.</summary>
    public const int Most = 8;

    private const int MostForks = 500;
    private const long MostMillis = 60_000;

    public Zygote(int slot)
    {
        Slot = slot;
        Clear();
    }

    public readonly int Slot;
    public ZygoteState State;

    /// <summary>The number of what it executes.</summary>
    public int Program;
    public int Pid;
    public int Pidfd;
    public int SocketFd;
    public bool IsReaped;
    public CgroupHandles Cgroup;

    /// <summary>Orders that it was given, and of these those that it has not reported on.</summary>
    public int Forks, Asked;

    /// <summary>Monotonic milliseconds: when it was given the oldest order that it may not have reported on, or reported last.</summary>
    public long AskedSince;

    /// <summary>Monotonic milliseconds.</summary>
    public long StartedAt;

    /// <summary>The name of its group: no sandbox's, whose ids end below.</summary>
    public ulong GroupId => RequestHeader.MaxSandboxId + 1 + (ulong)Slot;

    public bool IsAlive => State is ZygoteState.Starting or ZygoteState.Ready or ZygoteState.Retired;

    public bool IsWorn(long now) => Forks >= MostForks || now - StartedAt >= MostMillis;

    public long WornIn(long now) => Math.Max(0, StartedAt + MostMillis - now);

    public void Clear()
    {
        State = ZygoteState.Free;
        Program = Pid = Forks = Asked = 0;
        Pidfd = SocketFd = -1;
        IsReaped = false;
        Cgroup = CgroupHandles.None;
    }

    public void CloseSocket()
    {
        Kernel.Close(SocketFd);
        SocketFd = -1;
    }
}
