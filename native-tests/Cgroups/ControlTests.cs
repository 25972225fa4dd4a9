using System.Diagnostics;
using Hearth.Sandbox.Cgroups;
using Xunit;

namespace Hearth.NativeTests.Cgroups;

/// <summary>Freeze, thaw and kill through the descriptors that the agent gets.</summary>
public sealed class ControlTests : CgroupTest
{
    [Fact]
    public void A_frozen_group_does_nothing_until_it_is_thawed()
    {
        using var group = Create(1, Limits());
        Start(group, "while :; do :; done");
        Eventually.Is(() => CgroupReader.ReadCpuUsec(group.Handles.CpuStatFd) > 0, "the group runs");
        group.Freeze();
        Eventually.Is(() => CgroupReader.IsFrozen(group.Handles.EventsFd), "the group says that it is frozen");
        // A process counts as frozen before it leaves its processor, which may have others to run first; what it uses until then is seen later. One that runs never stands still.
        var frozen = CgroupReader.ReadCpuUsec(group.Handles.CpuStatFd);
        Eventually.Is(() =>
        {
            var before = frozen;
            Thread.Sleep(200);
            return before == (frozen = CgroupReader.ReadCpuUsec(group.Handles.CpuStatFd));
        }, "it stands still");
        group.Thaw();
        Eventually.Is(() => CgroupReader.ReadCpuUsec(group.Handles.CpuStatFd) > frozen, "the group runs again");
        Assert.False(CgroupReader.IsFrozen(group.Handles.EventsFd));
        group.KillAndRemove();
    }

    [Fact]
    public void A_kill_takes_the_whole_tree()
    {
        using var group = Create(1, Limits());
        var root = Start(group, "sh -c 'setsid sleep 1000 & sleep 1000' & sleep 1000 & echo up; wait");
        Assert.Equal("up", root.ReadLine());
        Eventually.Is(() => File.ReadLines($"{group.Unified}/cgroup.procs").Count() >= 4, "the tree is up");
        var pids = File.ReadAllLines($"{group.Unified}/cgroup.procs");
        Assert.True(CgroupReader.IsPopulated(group.Handles.EventsFd));
        group.Kill();
        Eventually.Is(() => !CgroupReader.IsPopulated(group.Handles.EventsFd), "the group is empty");
        root.WaitForExit();
        Assert.Equal(128 + 9, root.ExitCode);
        Eventually.Is(() => pids.All(IsGone), "every process of the tree is gone");
        group.KillAndRemove();
    }

    [Fact]
    public void A_kill_reaches_a_frozen_group()
    {
        using var group = Create(1, Limits());
        var process = Start(group, "exec sleep 1000");
        group.Freeze();
        Eventually.Is(() => CgroupReader.IsFrozen(group.Handles.EventsFd), "the group is frozen");
        group.Kill();
        process.WaitForExit();
        group.KillAndRemove();
    }

    [Fact]
    public void A_descriptor_that_root_opened_works_for_an_unprivileged_process()
    {
        using var group = Create(1, Limits());
        Start(group, "exec sleep 1000");
        using var process = Process.Start(new ProcessStartInfo(
            "/bin/sh",
            ["-c", $"exec setpriv --reuid 65534 --regid 65534 --clear-groups sh -c 'cat; echo 1 >&3' < {group.Memory}/{Path.GetFileName(CurrentFile(group))} 3> {group.Unified}/cgroup.freeze"])
        {
            RedirectStandardOutput = true,
        })!;
        Assert.InRange(long.Parse(process.StandardOutput.ReadToEnd()), 0, 64L << 20);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        Eventually.Is(() => CgroupReader.IsFrozen(group.Handles.EventsFd), "the unprivileged write froze the group");
        group.KillAndRemove();
    }

    private static string CurrentFile(TestGroup group) => new FileInfo($"/proc/self/fd/{group.Handles.CurrentFd}").LinkTarget!;

    // A zombie that its new parent has not reaped yet is no longer running.
    private static bool IsGone(string pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/stat").Split(") ")[^1][0] == 'Z';
        }
        catch (IOException)
        {
            return true;
        }
    }
}
