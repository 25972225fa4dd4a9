using Hearth.Sandbox.Cgroups;
using Xunit;

namespace Hearth.NativeTests.Cgroups;

/// <summary>After a crash: what the node left is killed and removed, and nothing that is not its own.</summary>
public sealed class SweepTests : CgroupTest
{
    [Fact]
    public void Orphans_are_killed_and_their_groups_removed()
    {
        using var running = Create(1, Limits());
        using var frozen = Create(2, Limits());
        using var empty = Create(3, Limits());
        using var nested = Create(4, Limits());
        var first = Start(running, "sleep 1000 & wait");
        var second = Start(frozen, "exec sleep 1000");
        frozen.Freeze();
        Directory.CreateDirectory($"{nested.Unified}/inner");

        Assert.Equal(4, OpenOther(NodeId).SweepLeftovers());
        first.WaitForExit();
        second.WaitForExit();
        Assert.All([running, frozen, empty, nested], group => Assert.All(group.Directories, directory => Assert.False(Directory.Exists(directory))));
        Assert.Equal(0, Driver.SweepLeftovers());
    }

    [Fact]
    public void A_sandbox_that_was_half_made_is_removed()
    {
        using var group = Create(1, Limits());
        Directory.Delete(group.Unified);
        Assert.Equal(IsHybrid ? 1 : 0, Driver.SweepLeftovers());
        Assert.All(group.Directories, directory => Assert.False(Directory.Exists(directory)));
    }

    [Fact]
    public void Another_nodes_sandbox_and_groups_of_others_are_left_alone()
    {
        using var mine = Create(1, Limits());
        Start(mine, "exec sleep 1000");
        // A name that begins with ours.
        var neighbour = OpenOther($"{NodeId}-2");
        using var theirs = Create(neighbour, 1, Limits());
        var theirProcess = Start(theirs, "exec sleep 1000");
        var foreign = $"{Path.GetDirectoryName(Path.GetDirectoryName(mine.Unified))}/sb-1-{NodeId}";
        Directory.CreateDirectory(foreign);
        var foreignProcess = GroupProcess.StartBlocked("exec sleep 1000");
        Own(foreignProcess);
        File.WriteAllText($"{foreign}/cgroup.procs", foreignProcess.Pid.ToString());
        try
        {
            Assert.Equal(1, Driver.SweepLeftovers());
            Assert.False(theirProcess.HasExited);
            Assert.False(foreignProcess.HasExited);
            Assert.All(theirs.Directories, directory => Assert.True(Directory.Exists(directory)));
            Assert.True(CgroupReader.IsPopulated(theirs.Handles.EventsFd));
            Assert.Contains(foreignProcess.Pid.ToString(), File.ReadAllLines($"{foreign}/cgroup.procs"));
        }
        finally
        {
            foreignProcess.Dispose();
            Eventually.Is(() => Remove(foreign), "the foreign group is removed");
        }

        theirs.KillAndRemove();
    }

    private static bool Remove(string group)
    {
        try
        {
            Directory.Delete(group);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }
}
