namespace Hearth.Sandbox.Cgroups;

/// <summary>One mounted hierarchy and the directory of the group that this process is in.</summary>
/// <param name="Directory">The group as a path here.</param>
/// <param name="Path">The group as /proc/self/cgroup names it, seen from our cgroup namespace.</param>
/// <param name="MountPoint">No ancestor above it is in sight.</param>
internal sealed record CgroupHierarchy(string Directory, string Path, string MountPoint)
{
    public string ProcsFile => $"{Directory}/cgroup.procs";

    /// <summary>v2: whether the controller can be enabled for groups below ours.</summary>
    public bool Offers(string controller) => File.ReadAllText($"{Directory}/cgroup.controllers").Split([' ', '\n']).Contains(controller);

    public static CgroupHierarchies FindAll(string selfCgroup, string mountInfo)
    {
        var mounts = CgroupMount.Parse(mountInfo);
        string? unifiedPath = null;
        var v1 = new Dictionary<string, string>();
        foreach (var line in selfCgroup.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            // hierarchy-id:controllers:path; a path may hold colons.
            var parts = line.Split(':', 3);
            if (parts.Length != 3)
                throw new CgroupException($"/proc/self/cgroup: line \"{line}\" is not id:controllers:path");
            if (parts[0] == "0" && parts[1].Length == 0)
                unifiedPath = parts[2];
            else
                foreach (var controller in parts[1].Split(','))
                    v1[controller] = parts[2];
        }

        if (unifiedPath is null)
            throw new CgroupException("cgroup v2 is absent: the kernel has no unified hierarchy; boot a kernel of 6.1 or newer");
        var unified = Locate(mounts.Where(m => m.IsUnified), unifiedPath)
            ?? throw new CgroupException(
                $"cgroup v2 is not mounted where group {unifiedPath} can be reached; mount it: mkdir -p /sys/fs/cgroup/unified && mount -t cgroup2 none /sys/fs/cgroup/unified");
        return new(unified, Find("memory"), Find("cpu"), Find("pids"));

        CgroupHierarchy? Find(string controller) =>
            v1.TryGetValue(controller, out var path) ? Locate(mounts.Where(m => !m.IsUnified && m.Controllers.Contains(controller)), path) : null;
    }

    private static CgroupHierarchy? Locate(IEnumerable<CgroupMount> mounts, string path)
    {
        foreach (var mount in mounts)
        {
            if (mount.Resolve(path) is not { } directory)
                continue;
            var found = new CgroupHierarchy(directory, path, mount.MountPoint);
            if (found.HoldsThisProcess())
                return found;
        }

        return null;
    }

    // A mount hidden below a later one, or one made in another cgroup namespace, resolves to a directory that is not ours.
    private bool HoldsThisProcess()
    {
        try
        {
            var self = Environment.ProcessId.ToString();
            return File.ReadLines(ProcsFile).Any(line => line == self);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}

/// <param name="Memory">The v1 hierarchies; two of them may be one, mounted together.</param>
internal sealed record CgroupHierarchies(CgroupHierarchy Unified, CgroupHierarchy? Memory, CgroupHierarchy? Cpu, CgroupHierarchy? Pids);
