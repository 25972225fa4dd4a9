using Tmds.Linux;
using static Tmds.Linux.LibC;

namespace Hearth.Sandbox.Cgroups;

/// <summary>Kills and removes the groups that an earlier spawner left in a slice. Runs at start, so it may allocate.</summary>
internal static class CgroupSweep
{
    // A machine with more work than processors takes its time to end a process that was killed.
    private const int WaitMs = 20_000;

    /// <param name="slices">The slice in each hierarchy; a sandbox may have a group in some of them only.</param>
    /// <returns>Sandboxes of which nothing is left.</returns>
    public static int Run(IReadOnlyList<string> slices)
    {
        var left = slices.SelectMany(slice => Groups(slice, "sb-*")).ToList();
        var names = left.Select(Path.GetFileName).Distinct().Count();
        // SIGKILL is taken at once even by a frozen v2 group; what remains is the time that dying takes.
        for (var waited = 0; left.Count != 0 && waited < WaitMs; waited += 5)
        {
            foreach (var group in left)
                Kill(group);
            left.RemoveAll(RemoveTree);
            if (left.Count != 0)
                Thread.Sleep(5);
        }

        return names - left.Select(Path.GetFileName).Distinct().Count();
    }

    private static void Kill(string group)
    {
        // v2: the whole tree, forks in flight included.
        if (CgroupPath.TryWrite($"{group}/cgroup.kill", "1") == 0)
            return;
        foreach (var child in Groups(group, "*"))
            Kill(child);
        foreach (var pid in CgroupPath.Processes(group))
        {
            // 0 would be our own process group.
            if (pid > 0)
                kill(pid, SIGKILL);
        }
    }

    /// <returns>False while a process is in one of them.</returns>
    public static bool RemoveTree(string group)
    {
        foreach (var child in Groups(group, "*"))
        {
            if (!RemoveTree(child))
                return false;
        }

        return CgroupPath.TryRemove(group);
    }

    private static string[] Groups(string parent, string pattern)
    {
        try
        {
            return Directory.GetDirectories(parent, pattern);
        }
        catch (DirectoryNotFoundException)
        {
            return [];
        }
    }
}
