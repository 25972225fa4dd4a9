namespace Hearth.Sandbox.Cgroups;

/// <summary>Where a driver failed, for a message that names the step, its target and the errno without allocating.</summary>
public enum CgroupStep : byte
{
    None,

    /// <summary>A limit out of its range; nothing was tried.</summary>
    Validate,
    MakeUnified,
    MakeMemory,
    MakeCpu,
    MakePids,
    MemoryMax,
    SwapMax,
    TcpMax,
    OomGroup,
    CpuWeight,
    CpuMax,
    PidsMax,
    OpenGroup,
    OpenFreeze,
    OpenKill,
    OpenEvents,
    OpenOom,
    OpenPeak,
    OpenCurrent,
    OpenCpuStat,
    OpenTasks,
    AttachMemory,
    AttachCpu,
    AttachPids,
}
