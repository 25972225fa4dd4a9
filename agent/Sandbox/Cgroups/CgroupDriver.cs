namespace Hearth.Sandbox.Cgroups;

/// <summary>Makes, limits and removes the groups of sandboxes, named <c>sb-&lt;id&gt;</c>, below one slice, <c>hearth-&lt;nodeId&gt;</c>.</summary>
/// <remarks>
/// The slice lies below the group that the process was started in, in every hierarchy that is used; no other group is touched.
/// Single-threaded. <see cref="Create"/>, <see cref="SetLimits"/>, <see cref="AttachV1"/> and <see cref="Remove"/> allocate nothing managed:
/// the process that calls them forks.
/// </remarks>
public abstract class CgroupDriver
{
    /// <summary>Finds out how this machine mounts its controllers and where this process is in them.</summary>
    /// <exception cref="CgroupException">No usable mounts.</exception>
    public static CgroupDriver Detect() => Detect(File.ReadAllText("/proc/self/cgroup"), File.ReadAllText("/proc/self/mountinfo"));

    internal static CgroupDriver Detect(string selfCgroup, string mountInfo)
    {
        var hierarchies = CgroupHierarchy.FindAll(selfCgroup, mountInfo);
        return hierarchies.Unified.Offers("memory") ? new UnifiedDriver(hierarchies) : new HybridDriver(hierarchies);
    }

    /// <summary>"v2" or "hybrid".</summary>
    public abstract string Mode { get; }

    /// <summary>Makes the slice and, on v2, delegates the controllers to it. Call once, before anything else.</summary>
    /// <param name="nodeId">1 to 64 of a-z, 0-9 and '-'.</param>
    /// <exception cref="CgroupException">The group is not ours to use, or the kernel refused.</exception>
    public abstract void Open(string nodeId);

    /// <summary>The hard limit over all sandboxes; 0 or less lifts it.</summary>
    /// <exception cref="CgroupException">The kernel refused: on v1, more is in use than that.</exception>
    public abstract void SetSliceMemoryMax(long bytes);

    /// <summary>Tasks that all sandboxes together may have.</summary>
    /// <exception cref="CgroupException">The kernel refused.</exception>
    public abstract void SetSlicePidsMax(long tasks);

    /// <summary>Makes and limits the groups of a sandbox.</summary>
    /// <param name="handles">Overwritten; the caller closes them.</param>
    /// <returns>0, or -errno of <paramref name="step"/> with nothing left behind.</returns>
    public abstract int Create(ulong id, in CgroupLimits limits, ref CgroupHandles handles, out CgroupStep step);

    /// <summary>Changes the limits of a sandbox that exists.</summary>
    /// <returns>0, or -errno of <paramref name="step"/>; earlier steps stay changed. -EBUSY on v1: more memory is in use than that.</returns>
    public abstract int SetLimits(ulong id, in CgroupLimits limits, out CgroupStep step);

    /// <summary>Moves a process into the v1 groups, memory first; nothing to do on v2, where CLONE_INTO_CGROUP did it.</summary>
    /// <param name="pid">Of a process with one thread; 0: this thread. A process that moves itself so waits for nobody, while to move another one the kernel stops all forks and exits of the
    /// machine and waits for a grace period, which took 7 to 20 ms (2026-11-27; cgroup_procs_write_start, Linux 5.5 and later).</param>
    /// <remarks>Charges do not move with it: the process does this, or waits for it, before it dirties a page.</remarks>
    public abstract int AttachV1(in CgroupHandles handles, int pid, out CgroupStep step);

    /// <summary>Removes the groups of a sandbox; those that are gone already are fine.</summary>
    /// <returns>0, or -EBUSY while a process is in one: call again.</returns>
    public abstract int Remove(ulong id);

    /// <summary>Kills and removes every sandbox that an earlier process of this node left in the slice. Only when the node's lock is held.</summary>
    /// <returns>How many sandboxes were removed. One whose process cannot die (state D) stays, and its id answers -EEXIST.</returns>
    public abstract int SweepLeftovers();

    /// <summary>Kills and removes all that a node which does not run any more has left beside us; another driver's slice, so this one need not be open.</summary>
    /// <param name="nodeId">That node's. Its lock must be held, so that it does not start meanwhile.</param>
    public void SweepNode(string nodeId)
    {
        CheckNodeId(nodeId);
        string[] slices = [.. Parents.Select(parent => $"{parent}/hearth-{nodeId}").Distinct().Where(Directory.Exists)];
        CgroupSweep.Run(slices);
        foreach (var slice in slices)
            CgroupSweep.RemoveTree(slice);
    }

    /// <summary>The groups that slices lie in, one of each hierarchy.</summary>
    private protected abstract IEnumerable<string> Parents { get; }

    /// <summary>Removes the slice when nothing is in it, and takes back what <see cref="Open"/> changed.</summary>
    public abstract void Close();

    internal static void CheckNodeId(string nodeId)
    {
        if (nodeId.Length is < 1 or > 64 || !nodeId.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-'))
            throw new CgroupException($"node id \"{nodeId}\": must be 1 to 64 characters of a-z, 0-9 and '-'; change the agent-id of this node");
    }
}
