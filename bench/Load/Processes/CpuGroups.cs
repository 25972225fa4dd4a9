using System.Globalization;

namespace Hearth.Bench.Load.Processes;

/// <summary>
/// Groups of the v2 tree, below the one this process is in, for programs whose CPU time is asked while they run. On pure v2 the caller names a group that may be
/// divided (HEARTH_BENCH_CGROUP, set by ./hearth bench): a node refuses to share one.
/// </summary>
internal sealed class CpuGroups
{
    private readonly string? _parent = FindParent();

    /// <summary>Null where there is no v2 tree to write to: the program then runs where we are, and its CPU time is not told.</summary>
    public CpuGroup? Create(string name)
    {
        if (_parent is null)
            return null;
        try
        {
            return new CpuGroup(Directory.CreateDirectory(Path.Combine(_parent, $"hearth-bench-{Environment.ProcessId}-{name}")).FullName);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static string? FindParent()
    {
        if (Environment.GetEnvironmentVariable("HEARTH_BENCH_CGROUP") is { Length: > 0 } chosen)
            return chosen;
        var own = File.ReadLines("/proc/self/cgroup").FirstOrDefault(static line => line.StartsWith("0::", StringComparison.Ordinal))?[3..];
        var mount = File.ReadLines("/proc/self/mountinfo").Where(static line => line.Contains(" - cgroup2 ", StringComparison.Ordinal)).Select(static line => line.Split(' ')[4]).FirstOrDefault();
        return own is null || mount is null ? null : mount + own.TrimEnd('/');
    }
}

internal sealed class CpuGroup(string path)
{
    private string Path { get; } = path;

    /// <summary>A command that runs another one in this group, where there is one, and in a session of its own: Ctrl-C is for the bench, which then ends it in order.</summary>
    public static string[] Wrap(CpuGroup? group, params string[] command) =>
        [.. group is null ? (string[])[] : ["/bin/sh", "-c", "echo $$ > \"$0/cgroup.procs\" && exec \"$@\"", group.Path], "/usr/bin/setsid", .. command];

    /// <summary>User and system time of everything that ever ran in it, nanoseconds.</summary>
    public long CpuNanos()
    {
        foreach (var line in File.ReadLines(System.IO.Path.Combine(Path, "cpu.stat")))
        {
            if (line.StartsWith("usage_usec ", StringComparison.Ordinal))
                return long.Parse(line.AsSpan(11), CultureInfo.InvariantCulture) * 1000;
        }

        return 0;
    }

    /// <summary>Dying processes keep a group for a moment.</summary>
    public void Remove()
    {
        for (var i = 0; i < 100 && Directory.Exists(Path); i++)
        {
            try
            {
                Directory.Delete(Path);
            }
            catch (IOException)
            {
                Thread.Sleep(20);
            }
        }
    }
}
