using Xunit;

namespace Hearth.NativeTests.Cgroups;

/// <summary>What a real v2 tree adds.</summary>
public sealed class UnifiedOnlyTests : CgroupTest
{
    [Fact]
    public void Sandboxes_have_cpuset_and_pressure()
    {
        if (IsHybrid)
            Assert.Skip("needs cgroup v2 with controllers; this machine mounts v1 beside an empty v2 tree (the test VM has it)");
        using var group = Create(1, Limits());
        var controllers = TestGroup.Read(group.Unified, "cgroup.controllers").Split(' ');
        Assert.Contains("cpuset", controllers);
        Assert.Contains("memory", controllers);
        Assert.NotEqual("", TestGroup.Read(group.Unified, "cpuset.cpus.effective"));
        if (!File.Exists("/proc/pressure/memory"))
            Assert.Skip("cpuset is there; needs a kernel with PSI for the rest");
        foreach (var resource in new[] { "memory", "cpu", "io" })
            Assert.StartsWith("some avg10=", TestGroup.Read(group.Unified, $"{resource}.pressure"), StringComparison.Ordinal);
        group.KillAndRemove();
    }
}
