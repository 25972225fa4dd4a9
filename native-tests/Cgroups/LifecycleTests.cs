using Hearth.Sandbox.Cgroups;
using Xunit;

namespace Hearth.NativeTests.Cgroups;

/// <summary>What is made is removed, and nothing else.</summary>
public sealed class LifecycleTests : CgroupTest
{
    [Fact]
    public void A_hundred_sandboxes_come_and_go_and_leave_no_directory_and_no_descriptor()
    {
        Create(1, Limits()).KillAndRemove();
        var slices = SlicesOf(NodeId);
        Assert.NotEmpty(slices);
        var descriptors = OpenDescriptors();
        for (uint id = 2; id < 102; id++)
        {
            using var group = Create(id, Limits());
            Assert.All(group.Directories, directory => Assert.True(Directory.Exists(directory)));
            group.Dispose();
            Assert.Equal(0, Driver.Remove(id));
            Assert.All(group.Directories, directory => Assert.False(Directory.Exists(directory)));
        }

        Assert.Equal(descriptors, OpenDescriptors());
        Assert.DoesNotContain(slices, slice => Directory.EnumerateDirectories(slice, "sb-*").Any());
    }

    [Fact]
    public void A_populated_group_is_busy_and_removing_twice_is_fine()
    {
        using var group = Create(7, Limits());
        Start(group, "exec sleep 1000");
        Assert.Equal(-EBUSY, Driver.Remove(7));
        Assert.True(CgroupReader.IsPopulated(group.Handles.EventsFd));
        group.KillAndRemove();
        Assert.Equal(0, Driver.Remove(7));
        Assert.Equal(0, Driver.Remove(12_345));
    }

    [Fact]
    public void An_id_in_use_is_refused_and_its_sandbox_untouched()
    {
        using var group = Create(7, Limits(memoryMb: 64));
        var process = Start(group, "exec sleep 1000");
        var handles = CgroupHandles.None;
        Assert.Equal(-EEXIST, Driver.Create(7, Limits(memoryMb: 99), ref handles, out var step));
        Assert.Equal(CgroupStep.MakeUnified, step);
        Assert.Equal(-1, handles.GroupFd);
        Assert.All(group.Directories, directory => Assert.True(Directory.Exists(directory)));
        Assert.Equal((64 << 20).ToString(), TestGroup.Read(group.Memory, IsHybrid ? "memory.limit_in_bytes" : "memory.max"));
        Assert.False(process.HasExited);
        group.KillAndRemove();
    }

    [Fact]
    public void The_way_of_a_sandbox_allocates_nothing()
    {
        Round(1);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (uint id = 2; id < 12; id++)
            Round(id);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Round(uint id)
        {
            var handles = CgroupHandles.None;
            var limits = Limits(quota: 10_000);
            var result = Driver.Create(id, limits, ref handles, out _);
            result |= Driver.SetLimits(id, limits, out _);
            // A process that does not exist: every write is tried, none has an effect.
            Driver.AttachV1(handles, int.MaxValue, out _);
            var read = CgroupReader.ReadLong(handles.CurrentFd) + CgroupReader.ReadOomKills(handles.OomFd) + CgroupReader.ReadCpuUsec(handles.CpuStatFd);
            var populated = CgroupReader.IsPopulated(handles.EventsFd);
            handles.Close();
            result |= Driver.Remove(id);
            if (result != 0 || read < 0 || populated)
                throw new InvalidOperationException("a step failed");
        }
    }

    [Fact]
    public void A_process_that_is_gone_cannot_be_attached()
    {
        using var group = Create(1, Limits());
        var result = Driver.AttachV1(group.Handles, int.MaxValue, out var step);
        Assert.Equal(IsHybrid ? -ESRCH : 0, result);
        Assert.Equal(IsHybrid ? CgroupStep.AttachMemory : CgroupStep.None, step);
        group.KillAndRemove();
    }

    [Fact]
    public void Every_descriptor_closes_on_exec()
    {
        using var group = Create(1, Limits());
        var handles = group.Handles;
        int[] all = [handles.GroupFd, handles.FreezeFd, handles.KillFd, handles.EventsFd, handles.OomFd, handles.PeakFd, handles.CurrentFd, handles.CpuStatFd,
            handles.V1MemoryTasksFd, handles.V1CpuTasksFd, handles.V1PidsTasksFd];
        Assert.All(all[..8], fd => Assert.True(fd >= 0));
        Assert.All(all[8..], fd => Assert.Equal(IsHybrid, fd >= 0));
        Assert.All(all.Where(fd => fd >= 0), fd =>
        {
            var flags = File.ReadLines($"/proc/self/fdinfo/{fd}").Single(line => line.StartsWith("flags:", StringComparison.Ordinal)).Split('\t')[1];
            Assert.NotEqual(0, Convert.ToInt32(flags, 8) & 0x80000);
        });
        group.KillAndRemove();
    }

    [Fact]
    public void A_slice_with_sandboxes_outlives_the_driver()
    {
        using var group = Create(1, Limits());
        Start(group, "exec sleep 1000");
        var again = OpenOther(NodeId);
        Driver.Close();
        Assert.All(group.Directories, directory => Assert.True(Directory.Exists(directory)));
        Driver.Open(NodeId);
        Assert.Equal(1, again.SweepLeftovers());
    }

    private int OpenDescriptors() => Directory.EnumerateFiles("/proc/self/fd").Count(
        fd => new FileInfo(fd).LinkTarget?.Contains(NodeId, StringComparison.Ordinal) == true);
}
