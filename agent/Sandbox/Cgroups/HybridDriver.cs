using Tmds.Linux;
using static Tmds.Linux.LibC;

namespace Hearth.Sandbox.Cgroups;

/// <summary>v1 memory, cpu and pids for the limits; a v2 tree without controllers for membership, freeze, kill and cpu time.</summary>
internal sealed class HybridDriver(CgroupHierarchies hierarchies) : CgroupDriver
{
    private readonly CgroupHierarchy _memoryHierarchy = Need(hierarchies.Memory, "memory");
    private readonly CgroupHierarchy _cpuHierarchy = Need(hierarchies.Cpu, "cpu");
    private readonly CgroupHierarchy _pidsHierarchy = Need(hierarchies.Pids, "pids");

    private HybridSlice? _slice;

    public override string Mode => "hybrid";

    private protected override IEnumerable<string> Parents =>
        [hierarchies.Unified.Directory, _memoryHierarchy.Directory, _cpuHierarchy.Directory, _pidsHierarchy.Directory];

    private HybridSlice Slice => _slice ?? throw new InvalidOperationException("the driver is not open");

    public override void Open(string nodeId)
    {
        CheckNodeId(nodeId);
        _slice = HybridSlice.Make($"hearth-{nodeId}", hierarchies.Unified, _memoryHierarchy, _cpuHierarchy, _pidsHierarchy);
        CgroupProbe.Run(this);
    }

    public override void SetSliceMemoryMax(long bytes)
    {
        var path = Slice.Memory.Path;
        var value = bytes > 0 ? bytes.ToString() : "-1";
        // memsw is never below the limit: lowering begins with the limit, raising with memsw.
        var lowered = CgroupPath.TryWrite($"{path}/memory.limit_in_bytes", value);
        var memsw = CgroupPath.TryWrite($"{path}/memory.memsw.limit_in_bytes", value);
        if (lowered == -EINVAL)
            lowered = CgroupPath.TryWrite($"{path}/memory.limit_in_bytes", value);
        if (lowered != 0)
            throw CgroupPath.Failure($"write \"{value}\"", $"{path}/memory.limit_in_bytes", -lowered);
        if (memsw != 0 && memsw != -ENOENT)
            throw CgroupPath.Failure($"write \"{value}\"", $"{path}/memory.memsw.limit_in_bytes", -memsw);
    }

    public override void SetSlicePidsMax(long tasks) => CgroupPath.Write($"{Slice.Pids.Path}/pids.max", tasks.ToString());

    public override int Create(ulong id, in CgroupLimits limits, ref CgroupHandles handles, out CgroupStep step)
    {
        handles = CgroupHandles.None;
        step = CgroupStep.Validate;
        if (!limits.IsValid)
            return -EINVAL;
        var result = Slice.Make(id, out step);
        if (result != 0)
            return result;
        result = WriteLimits(id, limits, out step);
        if (result == 0)
            result = OpenHandles(id, ref handles, out step);
        if (result == 0)
            return 0;
        handles.Close();
        Slice.Remove(id);
        return result;
    }

    public override int SetLimits(ulong id, in CgroupLimits limits, out CgroupStep step)
    {
        step = CgroupStep.Validate;
        return limits.IsValid ? WriteLimits(id, limits, out step) : -EINVAL;
    }

    public override int AttachV1(in CgroupHandles handles, int pid, out CgroupStep step)
    {
        step = CgroupStep.AttachMemory;
        var result = CgroupFile.WriteNumber(handles.V1MemoryTasksFd, pid);
        if (result != 0)
            return result;
        step = CgroupStep.AttachCpu;
        result = CgroupFile.WriteNumber(handles.V1CpuTasksFd, pid);
        if (result != 0)
            return result;
        step = CgroupStep.AttachPids;
        result = CgroupFile.WriteNumber(handles.V1PidsTasksFd, pid);
        if (result != 0)
            return result;
        step = CgroupStep.None;
        return 0;
    }

    public override int Remove(ulong id) => Slice.Remove(id);

    public override int SweepLeftovers() => CgroupSweep.Run(Slice.Paths);

    public override void Close()
    {
        _slice?.Close();
        _slice = null;
    }

    private static CgroupHierarchy Need(CgroupHierarchy? hierarchy, string controller) => hierarchy ?? throw new CgroupException(
        $"cgroup controller {controller}: neither in the v2 tree here nor mounted as v1 where this process's group can be reached; "
        + $"boot with systemd.unified_cgroup_hierarchy=1, or mount it: mkdir -p /sys/fs/cgroup/{controller} && mount -t cgroup -o {controller} none /sys/fs/cgroup/{controller}");

    private int WriteLimits(ulong id, in CgroupLimits limits, out CgroupStep step)
    {
        step = CgroupStep.MemoryMax;
        var result = Slice.Memory.WriteNumber(id, "memory.limit_in_bytes"u8, limits.MemoryBytes);
        var isRaised = result == -EINVAL;
        if (result != 0 && !isRaised)
            return result;
        step = CgroupStep.SwapMax;
        // Memory and swap together get the same limit, so no swap. Absent without swap accounting.
        result = Slice.Memory.WriteNumber(id, "memory.memsw.limit_in_bytes"u8, limits.MemoryBytes);
        if (result != 0 && result != -ENOENT)
            return result;
        step = CgroupStep.MemoryMax;
        result = isRaised ? Slice.Memory.WriteNumber(id, "memory.limit_in_bytes"u8, limits.MemoryBytes) : 0;
        if (result != 0)
            return result;
        step = CgroupStep.TcpMax;
        // v1 counts what lies in TCP buffers apart, and has no limit for it unless told. A quarter of the setting is more than any function's loopback needs.
        // Absent without CONFIG_INET or with cgroup.memory=nosocket.
        result = Slice.Memory.WriteNumber(id, "memory.kmem.tcp.limit_in_bytes"u8, limits.MemoryBytes / 4);
        if (result != 0 && result != -ENOENT)
            return result;
        step = CgroupStep.CpuWeight;
        result = Slice.Cpu.WriteNumber(id, "cpu.shares"u8, limits.CpuShares);
        if (result != 0)
            return result;
        step = CgroupStep.CpuMax;
        // The period is 100,000 from the start.
        result = Slice.Cpu.WriteNumber(id, "cpu.cfs_quota_us"u8, limits.CpuMaxUsecPer100ms == 0 ? -1 : limits.CpuMaxUsecPer100ms);
        if (result != 0)
            return result;
        step = CgroupStep.PidsMax;
        return Slice.Pids.WriteNumber(id, "pids.max"u8, limits.PidsMax);
    }

    private int OpenHandles(ulong id, ref CgroupHandles handles, out CgroupStep step)
    {
        step = CgroupStep.OpenGroup;
        if ((handles.GroupFd = Slice.Unified.OpenGroup(id)) < 0)
            return handles.GroupFd;
        var result = UnifiedHandles.Open(Slice.Unified, id, ref handles, out step);
        if (result != 0)
            return result;
        step = CgroupStep.OpenOom;
        if ((handles.OomFd = Slice.Memory.OpenFile(id, "memory.oom_control"u8, O_RDONLY)) < 0)
            return handles.OomFd;
        if ((handles.OomEventFd = HybridOomEvent.Register(Slice.Memory, id, handles.OomFd)) < 0)
            return handles.OomEventFd;
        step = CgroupStep.OpenPeak;
        if ((handles.PeakFd = Slice.Memory.OpenFile(id, "memory.max_usage_in_bytes"u8, O_RDONLY)) < 0)
            return handles.PeakFd;
        step = CgroupStep.OpenCurrent;
        if ((handles.CurrentFd = Slice.Memory.OpenFile(id, "memory.usage_in_bytes"u8, O_RDONLY)) < 0)
            return handles.CurrentFd;
        step = CgroupStep.OpenTasks;
        if ((handles.V1MemoryTasksFd = Slice.Memory.OpenFile(id, "tasks"u8, O_WRONLY)) < 0)
            return handles.V1MemoryTasksFd;
        if ((handles.V1CpuTasksFd = Slice.Cpu.OpenFile(id, "tasks"u8, O_WRONLY)) < 0)
            return handles.V1CpuTasksFd;
        if ((handles.V1PidsTasksFd = Slice.Pids.OpenFile(id, "tasks"u8, O_WRONLY)) < 0)
            return handles.V1PidsTasksFd;
        step = CgroupStep.None;
        return 0;
    }
}
