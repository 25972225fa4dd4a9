namespace Hearth.Sandbox.Cgroups;

/// <summary>The v2 slice: who may use the group we are in, and which controllers reach the sandboxes.</summary>
/// <remarks>
/// A v2 group with controllers for its children holds no process of its own, the hierarchy's root excepted. So where we are not
/// in the root, the processes of the group that we were started in move to the leaf <c>hearth-&lt;nodeId&gt;/host</c>, and back on close.
/// </remarks>
internal sealed class UnifiedSlice
{
    private static readonly string[] _needed = ["cpu", "memory", "pids"];
    private static readonly string[] _useful = ["cpuset", "io"];

    private readonly string _base;

    private UnifiedSlice(string @base, string path) => (_base, Path) = (@base, path);

    public string Path { get; }

    private string Host => $"{Path}/host";

    public static UnifiedSlice Make(CgroupHierarchy own, string nodeId)
    {
        var name = $"hearth-{nodeId}";
        var hostOfPredecessor = $"/{name}/host";
        // A spawner that is started again is born where its predecessor moved its parent.
        var @base = own.Directory.EndsWith(hostOfPredecessor, StringComparison.Ordinal) ? own.Directory[..^hostOfPredecessor.Length] : own.Directory;
        // Every group but the hierarchy's root has a type.
        var isRoot = !File.Exists($"{@base}/cgroup.type");
        var slice = new UnifiedSlice(@base, $"{@base}/{name}");
        slice.CheckControllers();
        if (!isRoot)
        {
            CgroupOwnership.CheckDelegated(own with { Directory = @base });
            slice.MoveToHost(wholeGroupIsOurs: own.Path == "/");
        }
        else
        {
            CgroupPath.Make(slice.Path);
        }

        slice.Enable(@base);
        slice.Enable(slice.Path);
        return slice;
    }

    /// <summary>Gives everything back, as far as nobody else uses it by now.</summary>
    public void Close()
    {
        if (!Directory.Exists(Path) || Directory.EnumerateDirectories(Path, "sb-*").Any())
            return;
        if (Directory.Exists(Host))
        {
            if (!Disable(Path) || !Disable(_base))
                return;
            foreach (var pid in CgroupPath.Processes(Host))
                CgroupPath.TryWrite($"{_base}/cgroup.procs", pid.ToString());
            if (!CgroupPath.TryRemove(Host))
                return;
        }

        CgroupPath.TryRemove(Path);
    }

    private void CheckControllers()
    {
        var offered = CgroupPath.Words($"{_base}/cgroup.controllers");
        var missing = _needed.Except(offered).ToArray();
        if (missing.Length != 0)
            throw new CgroupException(
                $"cgroup {_base}: no {string.Join(", ", missing)} controller here; "
                + "it is disabled in the kernel, mounted as cgroup v1, or not delegated by the group above (systemd: Delegate=yes in the unit)");
    }

    private void MoveToHost(bool wholeGroupIsOurs)
    {
        var strangers = wholeGroupIsOurs ? [] : CgroupOwnership.Strangers(_base);
        if (strangers.Count != 0)
            throw new CgroupOwnershipException(
                $"cgroup {_base}: process {CgroupOwnership.Describe(strangers[0])} lives there and is not part of Hearth, so its controllers cannot be delegated; "
                + "start Hearth in a group of its own: a unit with Delegate=yes, or systemd-run --scope -p Delegate=yes COMMAND");
        CgroupPath.Make(Path);
        CgroupPath.Make(Host);
        // More than one round: a process may fork while it is moved.
        for (var round = 0; round < 100; round++)
        {
            var pids = CgroupPath.Processes(_base);
            if (pids.Count == 0)
                return;
            foreach (var pid in pids)
                CgroupPath.TryWrite($"{Host}/cgroup.procs", pid.ToString());
        }

        var left = CgroupPath.Processes(_base);
        if (left.Count != 0)
            throw new CgroupException($"cgroup {_base}: process {CgroupOwnership.Describe(left[0])} cannot be moved to {Host}; start Hearth in a group of its own");
    }

    private void Enable(string group)
    {
        var enabled = CgroupPath.Words($"{group}/cgroup.subtree_control");
        foreach (var controller in _needed.Except(enabled))
            CgroupPath.Write($"{group}/cgroup.subtree_control", $"+{controller}");
        foreach (var controller in _useful.Except(enabled).Intersect(CgroupPath.Words($"{group}/cgroup.controllers")))
            CgroupPath.TryWrite($"{group}/cgroup.subtree_control", $"+{controller}");
        // The spawner's answers must not wait for what it started.
        if (group == Path && Directory.Exists(Host))
            CgroupPath.TryWrite($"{Host}/cpu.weight", "10000");
    }

    private static bool Disable(string group)
    {
        foreach (var controller in CgroupPath.Words($"{group}/cgroup.subtree_control"))
        {
            if (CgroupPath.TryWrite($"{group}/cgroup.subtree_control", $"-{controller}") != 0)
                return false;
        }

        return true;
    }
}
