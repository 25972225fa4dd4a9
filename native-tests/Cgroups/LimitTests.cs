using Hearth.Sandbox.Cgroups;
using Xunit;

namespace Hearth.NativeTests.Cgroups;

/// <summary>Limits are in the files as the sandbox should have them, and a wrong one leaves nothing.</summary>
public sealed class LimitTests : CgroupTest
{
    [Fact]
    public void A_new_group_has_its_limits()
    {
        using var group = Create(1, Limits(memoryMb: 128, weight: 7, quota: 7_236, pids: 33));
        AssertLimits(group, 128, 7, 7_236, 33);
    }

    [Fact]
    public void Limits_go_up_and_down_and_the_cap_goes_away()
    {
        using var group = Create(1, Limits(memoryMb: 128, weight: 7, quota: 7_236, pids: 33));
        Assert.Equal(0, Driver.SetLimits(1, Limits(memoryMb: 10_240, weight: 579, quota: 578_858, pids: 1_024), out _));
        AssertLimits(group, 10_240, 579, 578_858, 1_024);
        Assert.Equal(0, Driver.SetLimits(1, Limits(memoryMb: 256, weight: 1, quota: 0, pids: 8), out _));
        AssertLimits(group, 256, 1, 0, 8);
    }

    [Theory]
    [InlineData(0, 100, 0, 10)]
    [InlineData(-1, 100, 0, 10)]
    [InlineData(int.MaxValue, 100, 0, 10)]
    [InlineData(128, 0, 0, 10)]
    [InlineData(128, 10_001, 0, 10)]
    [InlineData(128, 100, 999, 10)]
    [InlineData(128, 100, -5, 10)]
    [InlineData(128, 100, 0, 0)]
    public void A_limit_out_of_range_is_refused_and_makes_nothing(int memoryMb, int weight, int quota, int pids)
    {
        var handles = CgroupHandles.None;
        Assert.Equal(-EINVAL, Driver.Create(1, Limits(memoryMb, weight, quota, pids), ref handles, out var step));
        Assert.Equal(CgroupStep.Validate, step);
        Assert.Equal(-1, handles.GroupFd);
        Assert.DoesNotContain(SlicesOf(NodeId), slice => Directory.EnumerateDirectories(slice, "sb-*").Any());
        Assert.Equal(-EINVAL, Driver.SetLimits(1, Limits(memoryMb, weight, quota, pids), out _));
    }

    [Fact]
    public void Limits_of_a_group_that_is_not_there_are_an_error_that_names_the_step()
    {
        Assert.Equal(-ENOENT, Driver.SetLimits(404, Limits(), out var step));
        Assert.Equal(CgroupStep.MemoryMax, step);
    }

    [Fact]
    public void The_slice_has_a_hard_limit_that_can_be_changed_and_lifted()
    {
        using var group = Create(1, Limits());
        var slice = Path.GetDirectoryName(group.Memory)!;
        var file = IsHybrid ? "memory.limit_in_bytes" : "memory.max";
        foreach (var bytes in new[] { 512L << 20, 256L << 20, 1024L << 20 })
        {
            Driver.SetSliceMemoryMax(bytes);
            Assert.Equal(bytes.ToString(), TestGroup.Read(slice, file));
        }

        Driver.SetSlicePidsMax(5000);
        Assert.Equal("5000", TestGroup.Read(Path.GetDirectoryName(group.Pids)!, "pids.max"));
        Driver.SetSliceMemoryMax(0);
        var lifted = TestGroup.Read(slice, file);
        Assert.True(lifted == "max" || long.Parse(lifted) > 1L << 60, lifted);
        group.KillAndRemove();
    }

    private void AssertLimits(TestGroup group, int memoryMb, int weight, int quota, int pids)
    {
        var bytes = ((long)memoryMb << 20).ToString();
        Assert.Equal(pids.ToString(), TestGroup.Read(group.Pids, "pids.max"));
        if (IsHybrid)
        {
            Assert.Equal(bytes, TestGroup.Read(group.Memory, "memory.limit_in_bytes"));
            if (File.Exists($"{group.Memory}/memory.memsw.limit_in_bytes"))
                Assert.Equal(bytes, TestGroup.Read(group.Memory, "memory.memsw.limit_in_bytes"));
            if (File.Exists($"{group.Memory}/memory.kmem.tcp.limit_in_bytes"))
                Assert.Equal((((long)memoryMb << 20) / 4).ToString(), TestGroup.Read(group.Memory, "memory.kmem.tcp.limit_in_bytes"));
            Assert.Equal(Math.Max(2, weight * 1024 / 100).ToString(), TestGroup.Read(group.Cpu, "cpu.shares"));
            Assert.Equal(quota == 0 ? "-1" : quota.ToString(), TestGroup.Read(group.Cpu, "cpu.cfs_quota_us"));
            Assert.Equal("100000", TestGroup.Read(group.Cpu, "cpu.cfs_period_us"));
        }
        else
        {
            Assert.Equal(bytes, TestGroup.Read(group.Memory, "memory.max"));
            if (File.Exists($"{group.Memory}/memory.swap.max"))
                Assert.Equal("0", TestGroup.Read(group.Memory, "memory.swap.max"));
            Assert.Equal("1", TestGroup.Read(group.Memory, "memory.oom.group"));
            Assert.Equal(weight.ToString(), TestGroup.Read(group.Cpu, "cpu.weight"));
            Assert.Equal($"{(quota == 0 ? "max" : quota)} 100000", TestGroup.Read(group.Cpu, "cpu.max"));
        }
    }
}
