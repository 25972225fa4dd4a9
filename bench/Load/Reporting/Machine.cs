using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Hearth.Bench.Load.Reporting;

/// <summary>What a figure depends on besides the code.</summary>
/// <param name="MemoryMib">Of the whole machine.</param>
/// <param name="Virtualized">The kernel runs as a guest: waking an idle CPU then costs tens of microseconds.</param>
/// <param name="BusyPercent">Of all CPUs, in the second before the run: above 10 the figures are not to be quoted.</param>
/// <param name="Commit">Short hash, "-dirty" when files differ from it.</param>
internal sealed record Machine(string Cpu, int Cores, long MemoryMib, bool Virtualized, string Kernel, string Cgroups, string System, string Dotnet, double BusyPercent, string Commit)
{
    public static Machine Read(string repository) => new(
        Value("/proc/cpuinfo", "model name") ?? RuntimeInformation.ProcessArchitecture.ToString(),
        Environment.ProcessorCount,
        long.Parse(Value("/proc/meminfo", "MemTotal")?.Split(' ')[0] ?? "0", CultureInfo.InvariantCulture) / 1024,
        File.ReadLines("/proc/cpuinfo").Any(static line => line.StartsWith("flags", StringComparison.Ordinal) && line.Contains(" hypervisor", StringComparison.Ordinal)),
        File.ReadAllText("/proc/sys/kernel/osrelease").Trim(),
        CgroupMode(),
        RuntimeInformation.OSDescription,
        Environment.Version.ToString(),
        Busy(),
        CommitOf(repository));

    public IEnumerable<(string Name, string Value)> Facts() =>
    [
        ("cpu", $"{Cores} x {Cpu}{(Virtualized ? ", virtual" : "")}"),
        ("memory", $"{MemoryMib} MiB"),
        ("kernel", $"{Kernel}, cgroups {Cgroups}, {System}"),
        (".NET", Dotnet),
        ("commit", Commit),
        ("busy", $"{BusyPercent:0} % before it began{(BusyPercent > 10 ? ": other work ran, do not quote these figures" : "")}"),
    ];

    // Not the load average: it still knows of the build.
    private static double Busy()
    {
        var (idle, all) = Ticks();
        Thread.Sleep(1000);
        var (idleAfter, allAfter) = Ticks();
        return allAfter == all ? 0 : 100.0 * (1 - ((double)(idleAfter - idle) / (allAfter - all)));

        static (long Idle, long All) Ticks()
        {
            // user nice system idle iowait irq softirq steal; guest times are in user already.
            var ticks = File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries)[1..9].Select(long.Parse).ToArray();
            return (ticks[3] + ticks[4], ticks.Sum());
        }
    }

    private static string CgroupMode()
    {
        var mounts = File.ReadAllText("/proc/self/mountinfo");
        return mounts.Contains(" - cgroup2 ", StringComparison.Ordinal) ? mounts.Contains(" - cgroup ", StringComparison.Ordinal) ? "hybrid" : "v2" : "v1";
    }

    private static string? Value(string file, string key) =>
        File.ReadLines(file).FirstOrDefault(line => line.StartsWith(key, StringComparison.Ordinal))?.Split(':', 2)[1].Trim();

    private static string CommitOf(string repository)
    {
        var commit = Git(repository, "rev-parse", "--short", "HEAD");
        return commit.Length == 0 ? "unknown" : Git(repository, "status", "--porcelain", "--untracked-files=no").Length == 0 ? commit : commit + "-dirty";
    }

    private static string Git(string repository, params string[] arguments)
    {
        try
        {
            // A clone of another user is named as trusted for this call only.
            var start = new ProcessStartInfo("git", ["-c", $"safe.directory={repository}", "-C", repository, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
            using var git = Process.Start(start)!;
            var output = git.StandardOutput.ReadToEnd().Trim();
            git.WaitForExit();
            return git.ExitCode == 0 ? output : "";
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return "";
        }
    }
}
