using Hearth.Cli.Node;

namespace Hearth.Cli.Doctor;

/// <summary>Which cgroup files limit and account for a sandbox here.</summary>
internal static class CgroupChecks
{
    private const string Area = "cgroup";
    private static readonly string[] Needed = ["memory", "cpu", "pids"];

    public static IEnumerable<Finding> All()
    {
        var mounts = Mounts.Read();
        var unified = mounts.Find(mount => mount.FileSystem == "cgroup2");
        var legacy = mounts.Where(mount => mount.FileSystem == "cgroup").ToList();
        if (unified is null)
            return [new Finding(Area, "mode", Verdict.Missing, legacy.Count > 0 ? "v1 only" : "none", "sandboxes can be neither frozen nor killed as a whole", "mount cgroup2, or boot with systemd.unified_cgroup_hierarchy=1")];
        return legacy.Exists(mount => Needed.Any(mount.SuperOptions.Contains)) ? Hybrid(unified, legacy) : Pure(unified);
    }

    private static IEnumerable<Finding> Pure(Mount unified)
    {
        // Under systemd a node is never in the group of whoever runs doctor: a unit's or a scope's lies below the root, and gets what the root has.
        var systemd = Directory.Exists("/run/systemd/system");
        var own = systemd ? unified.Point : OwnGroup(unified);
        var controllers = (ProcFiles.Text(Path.Combine(own, "cgroup.controllers")) ?? "").Split(' ');
        yield return new Finding(Area, "mode", Verdict.Ok, $"v2 at {unified.Point}");
        foreach (var name in Needed)
            yield return Finding.Of(Area, name + " controller", controllers.Contains(name), Verdict.Missing, controllers.Contains(name) ? "present" : $"not in {own}/cgroup.controllers",
                "its limit cannot be set", "start Hearth from its systemd unit (Delegate=yes), or enable the controller in the parent's cgroup.subtree_control");
        if (systemd)
            yield return Finding.Of(Area, "systemd", File.Exists(DelegatedScope.SystemdRun), Verdict.Missing, File.Exists(DelegatedScope.SystemdRun) ? "up runs in a scope of its own" : $"without {DelegatedScope.SystemdRun}",
                "up cannot get a group that it may divide", "apt-get install systemd, or run the units (agent/systemd)");
        else yield return Writable(own);
        yield return Favour(unified);
        var kernel = ProcFiles.Kernel();
        yield return Finding.Of(Area, "cgroup.kill, memory.peak", kernel >= new Version(5, 19), Verdict.Limited, $"kernel {kernel}", "slower kill, peaks by sampling", "run a kernel of 6.1 or newer");
    }

    private static IEnumerable<Finding> Hybrid(Mount unified, List<Mount> legacy)
    {
        yield return new Finding(Area, "mode", Verdict.Limited, $"hybrid: v1 controllers, v2 at {unified.Point}", "no memory.oom.group: Hearth kills the group itself",
            "boot with systemd.unified_cgroup_hierarchy=1 for pure v2");
        foreach (var name in Needed)
        {
            var mount = legacy.Find(one => one.SuperOptions.Contains(name));
            yield return Finding.Of(Area, name + " controller", mount is not null, Verdict.Missing, mount is null ? "not mounted" : $"v1 at {mount.Point}", "its limit cannot be set", $"mount -t cgroup -o {name} {name} /sys/fs/cgroup/{name}");
        }
        yield return Writable(OwnGroup(unified));
        yield return Favour(unified);
    }

    /// <summary>Makes and removes one empty group below our own: the only honest answer, since containers mount cgroups read-only.</summary>
    private static Finding Writable(string own)
    {
        if (!Environment.IsPrivilegedProcess) return new Finding(Area, "own group", Verdict.Note, own, "whether groups can be made below it was not tried", "run doctor with sudo");
        var probe = Path.Combine(own, $"hearth-doctor-{Environment.ProcessId}");
        try
        {
            Directory.CreateDirectory(probe);
            var complete = File.Exists(Path.Combine(probe, "cgroup.kill")) && File.Exists(Path.Combine(probe, "cgroup.freeze"));
            Directory.Delete(probe);
            return Finding.Of(Area, "own group", complete, Verdict.Missing, own, "cgroup.kill or cgroup.freeze is missing in it", "run a kernel of 6.1 or newer");
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            return new Finding(Area, "own group", Verdict.Missing, own, $"no group can be made below it: {refused.Message}", "in a container: mount cgroups read-write; as a service: Delegate=yes");
        }
    }

    private static Finding Favour(Mount unified) => unified.SuperOptions.Contains("favordynmods")
        ? new Finding(Area, "favordynmods", Verdict.Ok, "set")
        : new Finding(Area, "favordynmods", Verdict.Note, "not set", "moving a process between groups can stall for many ms", $"mount -o remount,favordynmods {unified.Point} (affects the whole machine; yours to decide)");

    private static string OwnGroup(Mount unified)
    {
        var line = File.ReadLines("/proc/self/cgroup").FirstOrDefault(one => one.StartsWith("0::", StringComparison.Ordinal)) ?? "0::/";
        return Path.TrimEndingDirectorySeparator(unified.Point + line[3..]);
    }
}
