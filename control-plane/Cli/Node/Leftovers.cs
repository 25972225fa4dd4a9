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
        var folder = Path.Combine(data, "bin") + "/";
        foreach (var process in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(process), CultureInfo.InvariantCulture, out var pid) || pid == Environment.ProcessId) continue;
            var program = new FileInfo(Path.Combine(process, "exe")).LinkTarget?.Replace(" (deleted)", "", StringComparison.Ordinal);
            if (program is null || !program.StartsWith(folder, StringComparison.Ordinal) || !Services.Programs.Contains(program[folder.Length..])) continue;
            Console.Error.WriteLine($"hearth: ending {program[folder.Length..]} (pid {pid}), left by an earlier node");
            _ = Syscall.kill(pid, Signum.SIGKILL);
        }
    }

    public static void RemoveSockets(string data)
    {
        foreach (var socket in (string[])["run/spawner.sock", "run/control/rest.sock", "run/control/grpc.sock"])
            File.Delete(Path.Combine(data, socket));
    }
}
