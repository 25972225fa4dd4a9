using Tmds.Linux;
using static Tmds.Linux.LibC;

namespace Hearth.Sandbox.Cgroups;

/// <summary>The files that every v2 group has, with or without controllers.</summary>
internal static class UnifiedHandles
{
    public static int Open(CgroupDirectory directory, ulong id, ref CgroupHandles handles, out CgroupStep step)
    {
        step = CgroupStep.OpenFreeze;
        if ((handles.FreezeFd = directory.OpenFile(id, "cgroup.freeze"u8, O_WRONLY)) < 0)
            return handles.FreezeFd;
        step = CgroupStep.OpenKill;
        if ((handles.KillFd = directory.OpenFile(id, "cgroup.kill"u8, O_WRONLY)) < 0)
            return handles.KillFd;
        step = CgroupStep.OpenEvents;
        if ((handles.EventsFd = directory.OpenFile(id, "cgroup.events"u8, O_RDONLY)) < 0)
            return handles.EventsFd;
        step = CgroupStep.OpenCpuStat;
        if ((handles.CpuStatFd = directory.OpenFile(id, "cpu.stat"u8, O_RDONLY)) < 0)
            return handles.CpuStatFd;
        step = CgroupStep.None;
        return 0;
    }
}
