using Hearth.Sandbox.Linux;

namespace Hearth.Sandbox.Cgroups;

/// <summary>What one sandbox may use.</summary>
[NotNative("written to the group as text")]
public struct CgroupLimits
{
    /// <summary>MiB, at least 1. Swap is always refused.</summary>
    public int MemoryMb;

    /// <summary>1 to 10,000; 100 is one CPU's worth, 1,769 MB.</summary>
    public int CpuWeight;

    /// <summary>Microseconds of CPU per 100,000; 0 = no cap, else at least 1,000.</summary>
    public int CpuMaxUsecPer100ms;

    /// <summary>Processes and threads, at least 1.</summary>
    public int PidsMax;

    internal readonly bool IsValid =>
        MemoryMb is >= 1 and <= 16 * 1024 * 1024
        && CpuWeight is >= 1 and <= 10_000
        && CpuMaxUsecPer100ms is 0 or >= 1_000
        && PidsMax is >= 1 and <= 4 * 1024 * 1024;

    internal readonly long MemoryBytes => (long)MemoryMb << 20;

    /// <summary>cpu.shares of the v1 controller: 1,024 where v2 has 100, and never under the kernel's 2.</summary>
    internal readonly long CpuShares => Math.Max(2, CpuWeight * 1024L / 100);
}
