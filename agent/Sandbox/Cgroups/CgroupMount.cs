using System.Text;

namespace Hearth.Sandbox.Cgroups;

/// <summary>A cgroup line of /proc/self/mountinfo.</summary>
/// <param name="Root">The group that the mount point shows, in our cgroup namespace's terms.</param>
internal sealed record CgroupMount(string MountPoint, string Root, bool IsUnified, string[] Controllers)
{
    public static List<CgroupMount> Parse(string mountInfo)
    {
        var mounts = new List<CgroupMount>();
        foreach (var line in mountInfo.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            // 36 35 98:0 /root /mount/point rw,noatime shared:1 - cgroup2 source rw,options
            var halves = line.Split(" - ", 2);
            var left = halves[0].Split(' ');
            var right = halves.Length == 2 ? halves[1].Split(' ') : [];
            if (left.Length < 6 || right.Length < 3 || right[0] is not ("cgroup" or "cgroup2"))
                continue;
            mounts.Add(new(Unescape(left[4]), Unescape(left[3]), right[0] == "cgroup2", right[2].Split(',')));
        }

        // Later mounts hide earlier ones.
        mounts.Reverse();
        return mounts;
    }

    /// <summary>The directory of a group, or null when this mount does not reach it.</summary>
    public string? Resolve(string group)
    {
        // "/../x": outside of our cgroup namespace, so what the mount shows there cannot be told.
        if (Root.StartsWith("/..", StringComparison.Ordinal) || group.StartsWith("/..", StringComparison.Ordinal))
            return null;
        var root = Root == "/" ? "" : Root;
        if (group != root && !group.StartsWith(root + "/", StringComparison.Ordinal))
            return null;
        return (MountPoint + group[root.Length..]).TrimEnd('/');
    }

    // The kernel writes space, tab, newline and backslash as \ooo.
    private static string Unescape(string text)
    {
        if (!text.Contains('\\'))
            return text;
        var result = new StringBuilder();
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\' && i + 3 < text.Length)
            {
                result.Append((char)(((text[i + 1] - '0') << 6) | ((text[i + 2] - '0') << 3) | (text[i + 3] - '0')));
                i += 3;
            }
            else
            {
                result.Append(text[i]);
            }
        }

        return result.ToString();
    }
}
