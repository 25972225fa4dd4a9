namespace Hearth.Cli.Doctor;

/// <summary>Kernel version, system calls, namespaces, seccomp.</summary>
internal static class KernelChecks
{
    private const string Area = "kernel";
    private const string Newer = "run a kernel of 6.1 or newer (Debian 12, Ubuntu 24.04)";
    private static readonly Version Floor = new(6, 1);

    private static readonly (string Name, int Number, string Use)[] Calls =
    [
        ("pidfd_open", SystemCalls.PidfdOpen, "watching a sandbox without a race on its pid"),
        ("open_tree", SystemCalls.OpenTree, "mounting code into a sandbox that is already made"),
        ("move_mount", SystemCalls.MoveMount, "mounting code into a sandbox that is already made"),
        ("mount_setattr", SystemCalls.MountSetattr, "idmapped mounts: code seen as owned by the sandbox's root"),
        ("openat2", SystemCalls.OpenAt2, "opening code without following links out of the store"),
        ("close_range", SystemCalls.CloseRange, "no descriptor leaks into a sandbox"),
    ];

    private static readonly string[] Namespaces = ["user", "pid", "mnt", "net", "ipc", "uts", "cgroup"];

    public static IEnumerable<Finding> All()
    {
        var kernel = ProcFiles.Kernel();
        yield return Finding.Of(Area, "version", kernel >= Floor, Verdict.Missing, ProcFiles.Text("/proc/sys/kernel/osrelease") ?? "unknown", "older kernels lack calls that Hearth builds on", Newer);
        yield return Finding.Of(Area, "clone3, CLONE_INTO_CGROUP", SystemCalls.HasClone3(), Verdict.Missing, SystemCalls.HasClone3() ? "present" : "absent", "no sandbox can be made", Newer);
        foreach (var (name, number, use) in Calls)
        {
            var answer = SystemCalls.Probe(number);
            yield return Finding.Of(Area, name, answer.Known, Verdict.Missing, answer.Known ? "present" : "absent", $"needed for {use}", Newer);
        }
        foreach (var name in Namespaces)
            if (!File.Exists("/proc/self/ns/" + name))
                yield return new Finding(Area, name + " namespace", Verdict.Missing, "absent", "sandboxes would share it with the machine", "run a kernel built with namespaces (every distribution's is)");
        yield return Seccomp();
        yield return UserNamespaces();
    }

    public static bool HasFileSystem(string name) =>
        File.ReadLines("/proc/filesystems").Any(line => line.EndsWith("\t" + name, StringComparison.Ordinal)) || Directory.Exists("/sys/module/" + name);

    private static Finding Seccomp()
    {
        var actions = ProcFiles.Text("/proc/sys/kernel/seccomp/actions_avail") ?? "";
        return Finding.Of(Area, "seccomp filters", actions.Contains("errno", StringComparison.Ordinal) && actions.Contains("kill_process", StringComparison.Ordinal),
            Verdict.Missing, actions.Length > 0 ? actions : "absent", "functions could make any system call", "run a kernel with CONFIG_SECCOMP_FILTER");
    }

    private static Finding UserNamespaces()
    {
        var most = ProcFiles.Number("/proc/sys/user/max_user_namespaces") ?? 0;
        return most > 0
            ? Finding.Of(Area, "user namespaces", most >= 1000, Verdict.Limited, $"at most {most}", "each instance needs one", "sysctl user.max_user_namespaces=65536")
            : new Finding(Area, "user namespaces", Verdict.Missing, "switched off", "no sandbox can be made", "sysctl user.max_user_namespaces=65536");
    }
}
