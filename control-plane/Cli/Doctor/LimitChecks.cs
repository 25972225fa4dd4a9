using Hearth.Cli.Connection;

namespace Hearth.Cli.Doctor;

/// <summary>Numbers of the machine that decide how many instances fit, and root's capabilities.</summary>
internal static class LimitChecks
{
    private const string Area = "limits";

    private static readonly (string Name, int Bit)[] Capabilities =
    [
        ("CHOWN", 0), ("DAC_OVERRIDE", 1), ("FOWNER", 3), ("KILL", 5), ("SETGID", 6), ("SETUID", 7), ("SYS_CHROOT", 18), ("SYS_PTRACE", 19), ("SYS_ADMIN", 21), ("MKNOD", 27),
    ];

    private const int SysResource = 24;

    public static IEnumerable<Finding> All()
    {
        yield return AtLeast("pid_max", "/proc/sys/kernel/pid_max", 65_536, "processes of all functions together", "sysctl kernel.pid_max=4194304");
        yield return AtLeast("max_net_namespaces", "/proc/sys/user/max_net_namespaces", 1000, "instances", "sysctl user.max_net_namespaces=65536");
        yield return AtLeast("max_map_count", "/proc/sys/vm/max_map_count", 65_530, "memory maps of one process (.NET and Node use many)", "sysctl vm.max_map_count=262144");
        yield return AtLeast("inotify instances", "/proc/sys/fs/inotify/max_user_instances", 128, "file watchers of one user", "sysctl fs.inotify.max_user_instances=1024");
        yield return OpenFiles();
        var pipePages = ProcFiles.Number("/proc/sys/fs/pipe-user-pages-soft") ?? 0;
        yield return new Finding(Area, "pipe-user-pages-soft", Verdict.Ok, $"{pipePages} pages (the root spawner makes the pipes, so it does not bind)");
        yield return Overcommit();
        foreach (var finding in RootCapabilities()) yield return finding;
    }

    private static Finding AtLeast(string name, string path, long enough, string bounds, string fix)
    {
        var value = ProcFiles.Number(path);
        return Finding.Of(Area, name, value is null || value >= enough, Verdict.Limited, value?.ToString() ?? "no such limit", $"bounds the number of {bounds}", fix);
    }

    // The node raises its soft limit by itself, as far as the hard one.
    private static Finding OpenFiles()
    {
        const long Enough = 65_536;
        var parts = File.ReadLines("/proc/self/limits").First(static line => line.StartsWith("Max open files", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var hard = long.TryParse(parts[4], out var number) ? number : long.MaxValue;
        return Finding.Of(Area, "open files (hard limit)", hard >= Enough, Verdict.Limited, parts[4], "a node holds about 16 for each instance", "ulimit -Hn 524288 in the shell that runs hearth up; the systemd units set their own");
    }

    private static Finding Overcommit() => ProcFiles.Number("/proc/sys/vm/overcommit_memory") is 2
        ? new Finding(Area, "vm.overcommit_memory", Verdict.Limited, "2 (strict)", "runtimes reserve far more address space than they use and may fail to start", "sysctl vm.overcommit_memory=0")
        : new Finding(Area, "vm.overcommit_memory", Verdict.Ok, ProcFiles.Text("/proc/sys/vm/overcommit_memory") ?? "0");

    private static IEnumerable<Finding> RootCapabilities()
    {
        if (!Environment.IsPrivilegedProcess)
        {
            yield return new Finding(Area, "root", Verdict.Note, $"asked as '{Environment.UserName}'", "some checks need root", $"sudo {TypedCommand.Name} doctor");
            yield break;
        }
        var line = File.ReadLines("/proc/self/status").First(one => one.StartsWith("CapEff:", StringComparison.Ordinal));
        var effective = Convert.ToUInt64(line[7..].Trim(), 16);
        var absent = Capabilities.Where(capability => (effective >> capability.Bit & 1) == 0).Select(capability => "CAP_" + capability.Name).ToList();
        yield return Finding.Of(Area, "root's capabilities", absent.Count == 0, Verdict.Missing, absent.Count == 0 ? "all that Hearth needs" : "without " + string.Join(", ", absent),
            "sandboxes cannot be made", "run on the machine itself, or in a container with these capabilities");
        if ((effective >> SysResource & 1) == 0)
            yield return new Finding(Area, "CAP_SYS_RESOURCE", Verdict.Limited, "absent", "limits above root's own cannot be set for a sandbox, pipes stay at the usual size", "run on the machine itself");
    }
}
