using System.Text;
using Hearth.Cli.Errors;
using Mono.Unix.Native;

namespace Hearth.Cli.Node;

/// <summary>
/// On a machine run by systemd every group belongs to systemd, and a login shell's is shared with the shell: neither may be divided among sandboxes. So
/// <c>up</c> runs itself again in a scope with Delegate=yes. systemd-run registers its own process and then becomes the command: pid, terminal, signals and
/// exit code are those of the <c>up</c> that was typed, and the scope ends with its last process.
/// </summary>
internal static class DelegatedScope
{
    public const string SystemdRun = "/usr/bin/systemd-run";

    // Set for the second run, so that a scope that is not what we expect ends in the spawner's error and not in a third run.
    private const string Mark = "HEARTH_IN_SCOPE";

    /// <summary>Returns where the group is ours to divide; otherwise this process becomes another <c>up</c>.</summary>
    /// <exception cref="CliException">systemd-run is missing or cannot be started.</exception>
    public static void Enter()
    {
        if (!Directory.Exists("/run/systemd/system") || Environment.GetEnvironmentVariable(Mark) == "1" || IsOurs()) return;
        if (!File.Exists(SystemdRun)) throw CliException.Failed(SystemdRun, "is missing, and the group of this shell belongs to systemd", "run: apt-get install systemd");
        // The kernel's arrays end with a null, and the binding does not add it.
        string?[] command =
        [
            SystemdRun, "--quiet", "--scope", "--collect", "--description=hearth up", "-p", "Delegate=yes", "-p", "TasksMax=infinity", "--",
            Environment.ProcessPath!, .. Environment.GetCommandLineArgs()[1..], null,
        ];
        Environment.SetEnvironmentVariable(Mark, "1");
        var environment = Environment.GetEnvironmentVariables();
        string?[] pairs = [.. environment.Keys.Cast<string>().Select(name => $"{name}={environment[name]}"), null];
        _ = Syscall.execve(SystemdRun, command!, pairs!);
        throw CliException.Failed(SystemdRun, $"cannot be started: {Stdlib.GetLastError()}", "run Hearth from its units (agent/systemd) instead");
    }

    // What the spawner asks for, too: delegated at some level, and nobody else's processes in it.
    private static bool IsOurs()
    {
        var own = ServiceUnit.GroupOf("self");
        if (own is null || Mounts.Read().Find(one => one.FileSystem == "cgroup2") is not { } mount) return false;
        var group = mount.Point + own;
        var members = ReadLines(group + "/cgroup.procs");
        if (members.Exists(pid => pid != Environment.ProcessId.ToString(System.Globalization.CultureInfo.InvariantCulture))) return false;
        for (; group.Length > mount.Point.Length; group = Path.GetDirectoryName(group)!)
            if (IsSet(group, "trusted.delegate") || IsSet(group, "user.delegate")) return true;
        return false;
    }

    private static bool IsSet(string path, string attribute) =>
        Syscall.getxattr(path, attribute, out var value) > 0 && Encoding.ASCII.GetString(value) == "1";

    private static List<string> ReadLines(string path)
    {
        try
        {
            return [.. File.ReadLines(path)];
        }
        catch (IOException)
        {
            return [];
        }
    }
}
