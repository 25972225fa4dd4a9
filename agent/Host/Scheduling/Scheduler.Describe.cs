using Hearth.Agent.Sandboxes;
using Hearth.Contracts.V1;

namespace Hearth.Agent.Scheduling;

// What people and the control plane see.
internal sealed partial class Scheduler
{
    public Capacity DescribeCapacity()
    {
        lock (_gate)
        {
            var capacity = new Capacity
            {
                MemoryBudgetBytes = _settings.Policy.MemoryBudgetMb * 1024 * 1024,
                MemoryUsedBytes = _usedMb * 1024 * 1024,
                Instances = _instances.Count,
                Busy = _instances.Count(static i => i.State == InstanceState.Busy),
                Invocations = _invocations,
                MemoryBrake = (int)_brake,
            };
            capacity.Provisioned.AddRange(DescribeProvisioned());
            capacity.Starts.AddRange(_started.Select(static (count, reason) => new StartCount { Reason = ColdReasons.Name((ColdReason)reason), Count = count }));
            return capacity;
        }
    }

    /// <param name="functionName">Empty for all.</param>
    public List<Contracts.V1.Instance> Describe(string functionName)
    {
        List<(Sandboxes.Instance Instance, InstanceState State)> found;
        lock (_gate)
            found = [.. _instances.Where(i => functionName.Length == 0 || i.Function.Name == functionName).Select(static i => (i, i.State))];
        return found.ConvertAll(static x => Describe(x.Instance, x.State));
    }

    /// <summary>Hashes of code that instances have mounted.</summary>
    public HashSet<string> CodeInUse()
    {
        lock (_gate)
            return [.. _instances.SelectMany(static i => i.Function.CodeHashes)];
    }

    private static Contracts.V1.Instance Describe(Sandboxes.Instance instance, InstanceState state)
    {
        var stats = instance.ReadStats();
        return new Contracts.V1.Instance
        {
            InstanceId = instance.Id.ToString("N"),
            FunctionName = instance.Function.Name,
            Version = instance.Function.Version,
            State = InstanceStates.Describe(state),
            StartedUnixMs = instance.Created.ToUnixTimeMilliseconds(),
            MemoryBytes = stats.MemoryBytes,
            MemoryPeakBytes = stats.MemoryPeakBytes,
            MemoryLimitBytes = instance.MemoryMb * 1024L * 1024,
            CpuUsec = stats.CpuUsec,
            Invocations = instance.Invocations,
            LastUsedUnixMs = instance.LastUsed.ToUnixTimeMilliseconds(),
            InitMillis = instance.InitMillis,
            StartReason = ColdReasons.Name(instance.Reason),
        };
    }
}
