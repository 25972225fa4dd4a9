using System.Globalization;
using Mono.Unix.Native;

namespace Hearth.Cli.Node;

/// <summary>
/// What an <c>up</c> that was killed may have left. Only called with the node's lock held, so whatever still runs out of this data directory belongs to
/// nobody. Sandboxes die with the spawner; their cgroups and mounts are swept by the next spawner.
/// </summary>
internal static class Leftovers
{
    public static void Kill(string data)
    {
        foreach (var pid in Find(data))
        {
            Console.Error.WriteLine($"hearth: ending {Program(pid, data)} (pid {pid}), left by an earlier node");
            _ = Syscall.kill(pid, Signum.SIGKILL);
        }
    }

    /// <summary>Processes that run one of the node's programs out of this data directory.</summary>
    public static IEnumerable<int> Find(string data)
    {
        foreach (var process in Directory.EnumerateDirectories("/proc"))
            if (int.TryParse(Path.GetFileName(process), CultureInfo.InvariantCulture, out var pid) && pid != Environment.ProcessId && Program(pid, data) is not null)
                yield return pid;
    }

    private static string? Program(int pid, string data)
    {
        var folder = Path.Combine(data, "bin") + "/";
        var path = new FileInfo($"/proc/{pid}/exe").LinkTarget?.Replace(" (deleted)", "", StringComparison.Ordinal);
        return path is not null && path.StartsWith(folder, StringComparison.Ordinal) && Services.Programs.Contains(path[folder.Length..]) ? path[folder.Length..] : null;
    }

    public static void RemoveSockets(string data)
    {
        foreach (var socket in (string[])["run/spawner.sock", "run/control/rest.sock", "run/control/grpc.sock"])
            File.Delete(Path.Combine(data, socket));
    }
}
