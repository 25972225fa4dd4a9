namespace Hearth.Sandbox.Cgroups;

/// <summary>Makes, changes and removes one group as a sandbox would have it.</summary>
/// <remarks>
/// What this machine refuses is found out while someone looks, not at the first invocation; and every native function on
/// that path is bound once, since binding allocates.
/// </remarks>
internal static class CgroupProbe
{
    public const ulong Id = ulong.MaxValue;

    public static void Run(CgroupDriver driver)
    {
        var limits = new CgroupLimits { MemoryMb = 128, CpuWeight = 100, CpuMaxUsecPer100ms = 100_000, PidsMax = 16 };
        var handles = CgroupHandles.None;
        var result = driver.Create(Id, limits, ref handles, out var step);
        if (result != 0)
            throw Failure(step, result);
        handles.Close();
        limits.CpuMaxUsecPer100ms = 0;
        result = driver.SetLimits(Id, limits, out step);
        driver.Remove(Id);
        if (result != 0)
            throw Failure(step, result);
    }

    private static CgroupException Failure(CgroupStep step, int result) => new(
        $"a test group could not be made as a sandbox needs it: {step}: {CgroupPath.Name(-result)}; "
        + "Hearth needs the memory, cpu (with bandwidth control) and pids controllers, and kernel 6.1 or newer");
}
