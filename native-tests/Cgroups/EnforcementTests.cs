using Hearth.Sandbox.Cgroups;
using Tmds.Linux;
using Xunit;

namespace Hearth.NativeTests.Cgroups;

/// <summary>What the limits do to processes.</summary>
public sealed class EnforcementTests : CgroupTest
{
    // tail keeps all of a line that never ends.
    private const string Hog = "head -c 300000000 /dev/zero | tail > /dev/null";

    [Fact]
    public void Memory_over_the_limit_kills_and_is_counted()
    {
        using var group = Create(1, Limits(memoryMb: 32));
        Assert.Equal(0, CgroupReader.ReadOomKills(group.Handles.OomFd));
        var bystander = Start(group, "exec sleep 1000");
        var hog = Start(group, $"{Hog}; echo survived-the-limit; exec sleep 1000");
        Eventually.Is(() => CgroupReader.ReadOomKills(group.Handles.OomFd) > 0, "an OOM kill is counted");
        var peak = CgroupReader.ReadLong(group.Handles.PeakFd);
        Assert.InRange(peak, 16L << 20, 32L << 20);
        if (IsHybrid)
        {
            // v1 has no memory.oom.group: the one process dies, and whoever watches the count kills the rest.
            Assert.False(bystander.HasExited);
            Assert.Equal("survived-the-limit", hog.ReadLine());
        }
        else
        {
            bystander.WaitForExit();
            hog.WaitForExit();
            Assert.Equal(128 + 9, bystander.ExitCode);
            Assert.Equal(128 + 9, hog.ExitCode);
        }

        group.KillAndRemove();
    }

    [Fact]
    public void Memory_under_the_limit_is_charged_and_lives()
    {
        using var group = Create(1, Limits(memoryMb: 256));
        // Not sleep at the end: a shell becomes its last command, and what it held is gone.
        var process = Start(group, "head -c 100000000 /dev/zero | (x=$(tail -c 50000000 | tr '\\0' x); echo kept ${#x}; sleep 1000; :)");
        Assert.Equal("kept 50000000", process.ReadLine());
        Assert.InRange(CgroupReader.ReadLong(group.Handles.CurrentFd), 50_000_000, 256L << 20);
        Assert.Equal(0, CgroupReader.ReadOomKills(group.Handles.OomFd));
        Assert.False(process.HasExited);
        group.KillAndRemove();
    }

    [Fact]
    public void A_fork_over_the_limit_fails()
    {
        using var group = Create(1, Limits(pids: 5));
        var process = Start(group, "for i in 1 2 3 4 5 6 7 8 9; do sleep 1000 & done");
        process.WaitForExit();
        Assert.NotEqual(0, process.ExitCode);
        // The shell itself was the fifth.
        Eventually.Is(() => File.ReadLines($"{group.Pids}/cgroup.procs").Count() == 4, "four sleeps remain");
        Assert.Contains("max ", TestGroup.Read(group.Pids, "pids.events"), StringComparison.Ordinal);
        Assert.NotEqual("max 0", TestGroup.Read(group.Pids, "pids.events").Split('\n')[0]);
        group.KillAndRemove();
    }

    [Fact]
    public void A_heavier_group_gets_more_of_a_contended_cpu()
    {
        using var light = Create(1, Limits(weight: 100));
        using var heavy = Create(2, Limits(weight: 1000));
        var cpu = FirstCpu();
        foreach (var group in new[] { light, heavy })
        {
            var process = GroupProcess.StartBlocked("while :; do :; done");
            Join(group, process);
            // After joining: on v2 with cpusets an older kernel resets the affinity of what enters a group.
            Pin(process.Pid, cpu);
            process.Release();
        }

        // The window opens when both are at work: whoever was started first had the CPU alone for a while, and the scheduler has yet to learn that both are busy.
        Eventually.Is(() => Used(light) > 100_000 && Used(heavy) > 300_000, "both groups run");
        var (startLight, startHeavy) = (Used(light), Used(heavy));
        long gotLight = 0, gotHeavy = 0;
        Eventually.Is(
            () =>
            {
                gotLight = Used(light) - startLight;
                gotHeavy = Used(heavy) - startHeavy;
                return gotLight + gotHeavy > 1_500_000;
            },
            "both groups have used a second and a half together");
        // Ten is asked for. Equal shares would be one; slices of the scheduler's clock are coarse on a slow machine, hence the room on both sides.
        Assert.InRange((double)gotHeavy / gotLight, 2.5, 40.0);
        light.KillAndRemove();
        heavy.KillAndRemove();
    }

    [Fact]
    public void A_capped_group_is_throttled()
    {
        using var group = Create(1, Limits(quota: 10_000));
        Start(group, "while :; do :; done");
        Eventually.Is(() => Throttled(group) > 2, "the group is throttled");
        group.KillAndRemove();
    }

    private void Join(TestGroup group, GroupProcess process)
    {
        Own(process);
        File.WriteAllText($"{group.Unified}/cgroup.procs", process.Pid.ToString());
        Assert.Equal(0, Driver.AttachV1(group.Handles, process.Pid, out _));
    }

    private static long Used(TestGroup group) => CgroupReader.ReadCpuUsec(group.Handles.CpuStatFd);

    private static long Throttled(TestGroup group) => long.Parse(
        TestGroup.Read(group.Cpu, "cpu.stat").Split('\n').Single(line => line.StartsWith("nr_throttled ", StringComparison.Ordinal)).Split(' ')[1]);

    private static int FirstCpu()
    {
        var allowed = File.ReadLines("/proc/self/status").Single(line => line.StartsWith("Cpus_allowed_list:", StringComparison.Ordinal));
        return int.Parse(allowed.Split('\t')[1].Split(',', '-')[0]);
    }

    private static unsafe void Pin(int pid, int cpu)
    {
        var mask = stackalloc byte[128];
        new Span<byte>(mask, 128).Clear();
        mask[cpu / 8] = (byte)(1 << (cpu % 8));
        Assert.Equal(0, LibC.sched_setaffinity(pid, 128, (cpu_set_t*)mask));
    }
}
