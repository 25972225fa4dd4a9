using System.Text.RegularExpressions;

namespace Hearth.Cli.Node;

/// <param name="Options">Per-mount options: nosuid, noexec, ro, ...</param>
internal sealed record Mount(string Point, string FileSystem, string Source, IReadOnlySet<string> Options, IReadOnlySet<string> SuperOptions);

/// <summary>/proc/self/mountinfo, in the kernel's order.</summary>
internal static partial class Mounts
{
    public static List<Mount> Read() => [.. File.ReadLines("/proc/self/mountinfo").Select(Parse).OfType<Mount>()];

    /// <summary>The mount that holds a path: the longest mount point above it, the latest of equals.</summary>
    public static Mount? Of(string path, IEnumerable<Mount> mounts)
    {
        Mount? best = null;
        foreach (var mount in mounts)
            if (Holds(mount.Point, path) && (best is null || mount.Point.Length >= best.Point.Length)) best = mount;
        return best;
    }

    // "36 35 98:0 /root /point opts optional... - fstype source superopts" (proc(5))
    private static Mount? Parse(string line)
    {
        var parts = line.Split(" - ", 2);
        var left = parts[0].Split(' ');
        var right = parts.Length == 2 ? parts[1].Split(' ') : [];
        if (left.Length < 6 || right.Length < 3) return null;
        return new Mount(Unescape(left[4]), right[0], Unescape(right[1]), left[5].Split(',').ToHashSet(), right[2].Split(',').ToHashSet());
    }

    private static bool Holds(string point, string path) =>
        point == "/" || path == point || path.StartsWith(point + "/", StringComparison.Ordinal);

    private static string Unescape(string text) => Octal().Replace(text, match => ((char)Convert.ToInt32(match.Groups[1].Value, 8)).ToString());

    [GeneratedRegex(@"\\([0-7]{3})")]
    private static partial Regex Octal();
}
