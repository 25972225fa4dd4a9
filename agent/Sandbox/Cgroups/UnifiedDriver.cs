using Tmds.Linux;
using static Tmds.Linux.LibC;

namespace Hearth.Sandbox.Cgroups;

/// <summary>cgroup v2 with the memory, cpu and pids controllers.</summary>
internal sealed class UnifiedDriver(CgroupHierarchies hierarchies) : CgroupDriver
{
    private UnifiedSlice? _slice;
    private CgroupDirectory? _directory;

    public override string Mode => "v2";

    private protected override IEnumerable<string> Parents => [hierarchies.Unified.Directory];

    private CgroupDirectory Directory => _directory ?? throw new InvalidOperationException("the driver is not open");

    public override void Open(string nodeId)
    {
        CheckNodeId(nodeId);
        _slice = UnifiedSlice.Make(hierarchies.Unified, nodeId);
        _directory = CgroupDirectory.MakeAndOpen(_slice.Path);
        CgroupProbe.Run(this);
    }

    public override void SetSliceMemoryMax(long bytes)
    {
        CgroupPath.Write($"{Directory.Path}/memory.max", bytes > 0 ? bytes.ToString() : "max");
        CgroupPath.Write($"{Directory.Path}/memory.swap.max", bytes > 0 ? "0" : "max");
    }

    public override void SetSlicePidsMax(long tasks) => CgroupPath.Write($"{Directory.Path}/pids.max", tasks.ToString());

    public override int Create(ulong id, in CgroupLimits limits, ref CgroupHandles handles, out CgroupStep step)
    {
        handles = CgroupHandles.None;
        step = CgroupStep.Validate;
        if (!limits.IsValid)
            return -EINVAL;
        step = CgroupStep.MakeUnified;
        var result = Directory.Make(id);
        if (result != 0)
            return result;

        step = CgroupStep.OomGroup;
        result = Directory.Write(id, "memory.oom.group"u8, "1"u8);
        if (result == 0)
            result = WriteLimits(id, limits, isNew: true, out step);
        if (result == 0)
            result = OpenHandles(id, ref handles, out step);
        if (result == 0)
            return 0;
        handles.Close();
        Directory.Remove(id);
        return result;
    }

    public override int SetLimits(ulong id, in CgroupLimits limits, out CgroupStep step)
    {
        step = CgroupStep.Validate;
        return limits.IsValid ? WriteLimits(id, limits, isNew: false, out step) : -EINVAL;
    }

    public override int AttachV1(in CgroupHandles handles, int pid, out CgroupStep step)
    {
        step = CgroupStep.None;
        return 0;
    }

    public override int Remove(ulong id) => Directory.Remove(id);

    public override int SweepLeftovers() => CgroupSweep.Run([Directory.Path]);

    public override void Close()
    {
        _directory?.Dispose();
        _directory = null;
        _slice?.Close();
        _slice = null;
    }

    private int WriteLimits(ulong id, in CgroupLimits limits, bool isNew, out CgroupStep step)
    {
        step = CgroupStep.SwapMax;
        // Absent where the kernel was built or booted without swap accounting; then there is no swap to refuse.
        var result = isNew ? Directory.Write(id, "memory.swap.max"u8, "0"u8) : 0;
        if (result != 0 && result != -ENOENT)
            return result;
        step = CgroupStep.MemoryMax;
        result = Directory.WriteNumber(id, "memory.max"u8, limits.MemoryBytes);
        if (result != 0)
            return result;
        step = CgroupStep.CpuWeight;
        result = Directory.WriteNumber(id, "cpu.weight"u8, limits.CpuWeight);
        if (result != 0)
            return result;
        step = CgroupStep.PidsMax;
        result = Directory.WriteNumber(id, "pids.max"u8, limits.PidsMax);
        if (result != 0)
            return result;
        step = CgroupStep.CpuMax;
        // A single number leaves the period as it is, 100,000.
        if (limits.CpuMaxUsecPer100ms != 0)
            return Directory.WriteNumber(id, "cpu.max"u8, limits.CpuMaxUsecPer100ms);
        return isNew ? 0 : Directory.Write(id, "cpu.max"u8, "max"u8);
    }

    private int OpenHandles(ulong id, ref CgroupHandles handles, out CgroupStep step)
    {
        step = CgroupStep.OpenGroup;
        if ((handles.GroupFd = Directory.OpenGroup(id)) < 0)
            return handles.GroupFd;
        var result = UnifiedHandles.Open(Directory, id, ref handles, out step);
        if (result != 0)
            return result;
        step = CgroupStep.OpenOom;
        if ((handles.OomFd = Directory.OpenFile(id, "memory.events"u8, O_RDONLY)) < 0)
            return handles.OomFd;
        step = CgroupStep.OpenPeak;
        if ((handles.PeakFd = Directory.OpenFile(id, "memory.peak"u8, O_RDONLY)) < 0)
            return handles.PeakFd;
        step = CgroupStep.OpenCurrent;
        if ((handles.CurrentFd = Directory.OpenFile(id, "memory.current"u8, O_RDONLY)) < 0)
            return handles.CurrentFd;
        step = CgroupStep.None;
        return 0;
    }
}
