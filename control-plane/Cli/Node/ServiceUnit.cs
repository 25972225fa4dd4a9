using System.Globalization;
using Hearth.Cli.Connection;
using Hearth.Cli.Errors;

namespace Hearth.Cli.Node;

/// <summary>Which systemd unit a process belongs to, from the name of its group: no question to systemd, so it works in a container as well.</summary>
internal static class ServiceUnit
{
    /// <exception cref="CliException">Another service, such as hearth-agent.service, runs a node on this data directory.</exception>
    public static void RequireNone(string data)
    {
        var own = Of("self");
        foreach (var pid in Leftovers.Find(data))
        {
            if (Of(pid.ToString(CultureInfo.InvariantCulture)) is not { } unit || unit == own) continue;
            throw new CliException(ExitCode.Refused, $"data directory {data}", $"systemd already runs a node on it ({unit}, pid {pid})",
                $"use that one (try: sudo {TypedCommand.Name} ls), or stop it with: systemctl stop hearth-agent hearth-control-plane hearth-spawner; or choose another --data and --port");
        }
    }

    /// <summary>"hearth-agent.service"; null when no service holds it: a login session, a scope, no systemd.</summary>
    public static string? Of(string pid)
    {
        foreach (var name in (GroupOf(pid) ?? "").Split('/').Reverse())
        {
            if (name.EndsWith(".service", StringComparison.Ordinal)) return name;
            // A scope below user@1000.service is not part of a service.
            if (name.EndsWith(".scope", StringComparison.Ordinal)) return null;
        }
        return null;
    }

    /// <summary>The unified group, "/system.slice/ssh.service"; on machines without one, that of systemd's own hierarchy. Null when it is gone.</summary>
    public static string? GroupOf(string pid)
    {
        try
        {
            var lines = File.ReadAllLines($"/proc/{pid}/cgroup");
            var line = Array.Find(lines, one => one.StartsWith("0::/", StringComparison.Ordinal)) ?? Array.Find(lines, one => one.Contains(":name=systemd:", StringComparison.Ordinal));
            return line?[(line.IndexOf(':', line.IndexOf(':') + 1) + 1)..];
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
