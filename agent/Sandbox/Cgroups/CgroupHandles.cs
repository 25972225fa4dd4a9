using Hearth.Sandbox.Linux;
using Tmds.Linux;

namespace Hearth.Sandbox.Cgroups;

/// <summary>Open files of one sandbox's groups. All are O_CLOEXEC, -1 when absent; whoever holds the struct closes them.</summary>
[NotNative("kept by the spawner; its descriptors travel as SCM_RIGHTS")]
public struct CgroupHandles
{
    /// <summary>The v2 directory (O_PATH), for CLONE_INTO_CGROUP.</summary>
    public int GroupFd;

    /// <summary>Write 1 to stop everything in the group, 0 to let it go on.</summary>
    public int FreezeFd;

    /// <summary>Write 1 to SIGKILL everything in the group.</summary>
    public int KillFd;

    /// <summary>v2 cgroup.events: populated and frozen; POLLPRI when it changes.</summary>
    public int EventsFd;

    /// <summary>v2 memory.events or v1 memory.oom_control: both count oom_kill.</summary>
    public int OomFd;

    /// <summary>Hybrid only: an eventfd that counts when the group runs into its memory limit, just before a process is killed for it (v1 has no oom.group).</summary>
    public int OomEventFd;

    /// <summary>Most bytes ever charged.</summary>
    public int PeakFd;

    /// <summary>Bytes charged now.</summary>
    public int CurrentFd;

    /// <summary>v2 cpu.stat, which counts on hybrid machines too.</summary>
    public int CpuStatFd;

    /// <summary>Hybrid only: tasks of the v1 groups, for <see cref="CgroupDriver.AttachV1"/>.</summary>
    public int V1MemoryTasksFd, V1CpuTasksFd, V1PidsTasksFd;

    public static CgroupHandles None => new()
    {
        GroupFd = -1,
        FreezeFd = -1,
        KillFd = -1,
        EventsFd = -1,
        OomFd = -1,
        OomEventFd = -1,
        PeakFd = -1,
        CurrentFd = -1,
        CpuStatFd = -1,
        V1MemoryTasksFd = -1,
        V1CpuTasksFd = -1,
        V1PidsTasksFd = -1,
    };

    /// <summary>Closes what is open and sets it to -1. Allocates nothing.</summary>
    public void Close()
    {
        Close(ref GroupFd);
        Close(ref FreezeFd);
        Close(ref KillFd);
        Close(ref EventsFd);
        Close(ref OomFd);
        Close(ref OomEventFd);
        Close(ref PeakFd);
        Close(ref CurrentFd);
        Close(ref CpuStatFd);
        Close(ref V1MemoryTasksFd);
        Close(ref V1CpuTasksFd);
        Close(ref V1PidsTasksFd);
    }

    private static void Close(ref int fd)
    {
        if (fd >= 0)
            LibC.close(fd);
        fd = -1;
    }
}
