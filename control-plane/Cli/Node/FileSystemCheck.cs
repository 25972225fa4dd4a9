using Hearth.Cli.Errors;

namespace Hearth.Cli.Node;

/// <summary>Refuses a place where a node could start but not work.</summary>
internal static class FileSystemCheck
{
    private static readonly string[] Network = ["nfs", "nfs4", "cifs", "smb3", "9p", "ceph", "afs", "glusterfs", "ocfs2", "gfs2", "lustre", "virtiofs"];

    /// <exception cref="CliException">nosuid, noexec, read-only, a network or FUSE file system, or a folder above that the agent's user cannot pass.</exception>
    public static void Require(string path)
    {
        var existing = path;
        while (!Directory.Exists(existing)) existing = Path.GetDirectoryName(existing) ?? "/";
        if (Mounts.Of(existing, Mounts.Read()) is { } mount && Reason(mount) is { } reason)
            throw CliException.Usage($"data directory {path}", $"lies on {mount.Point}, which {reason}", "choose another with --data, on a local disk such as /var/lib/hearth");
        for (var parent = Path.GetDirectoryName(path); parent is not null; parent = Path.GetDirectoryName(parent))
            if (Directory.Exists(parent)) RequirePassable(path, parent);
    }

    private static string? Reason(Mount mount)
    {
        if (mount.Options.Contains("nosuid")) return "is mounted nosuid, as temporary and removable file systems are: security modules refuse a change of profile there, and what it holds may be gone tomorrow";
        if (mount.Options.Contains("noexec")) return "is mounted noexec: neither the node's programs nor a function's could run";
        if (mount.Options.Contains("ro") || mount.SuperOptions.Contains("ro")) return "is mounted read-only";
        if (Array.IndexOf(Network, mount.FileSystem) >= 0) return $"is a network file system ({mount.FileSystem}): its locks and idmapped mounts are not those of a local disk";
        if (mount.FileSystem.StartsWith("fuse", StringComparison.Ordinal)) return $"is a FUSE file system ({mount.FileSystem}): it cannot be mounted idmapped";
        return null;
    }

    // The agent is an ordinary user: each folder above must let others through.
    private static void RequirePassable(string path, string parent)
    {
        if ((File.GetUnixFileMode(parent) & UnixFileMode.OtherExecute) == 0)
            throw CliException.Usage($"data directory {path}", $"{parent} lets no other user pass (mode {Convert.ToString((int)File.GetUnixFileMode(parent), 8)}), and the agent is not root", "choose another with --data, such as /var/lib/hearth");
    }
}
