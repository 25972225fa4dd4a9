using Hearth.Sandbox.Cgroups;
using Xunit;

namespace Hearth.NativeTests.Cgroups;

/// <summary>Where hierarchies are mounted, from the texts of different machines. Needs nothing.</summary>
public sealed class MountTests
{
    private const string Hybrid = """
        30 22 0:27 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
        31 30 0:28 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct
        34 30 0:31 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
        40 30 0:37 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw,nsdelegate
        """;

    [Fact]
    public void Controllers_that_share_a_mount_are_found_by_name()
    {
        var mounts = CgroupMount.Parse(Hybrid);
        Assert.Equal(3, mounts.Count);
        var cpu = Assert.Single(mounts, m => !m.IsUnified && m.Controllers.Contains("cpu"));
        Assert.Equal("/sys/fs/cgroup/cpu,cpuacct/a/b", cpu.Resolve("/a/b"));
        Assert.Equal("/sys/fs/cgroup/unified", Assert.Single(mounts, m => m.IsUnified).Resolve("/"));
    }

    [Theory]
    [InlineData("/", "/a", "/m/a")]
    [InlineData("/docker/x", "/docker/x", "/m")]
    [InlineData("/docker/x", "/docker/x/y", "/m/y")]
    [InlineData("/docker/x", "/docker/xy", null)]
    [InlineData("/docker/x", "/", null)]
    [InlineData("/../..", "/", null)]
    [InlineData("/", "/../other", null)]
    public void A_mount_shows_only_groups_below_its_root(string root, string group, string? expected)
    {
        var mount = Assert.Single(CgroupMount.Parse($"1 2 0:3 {root} /m rw - cgroup2 none rw"));
        Assert.Equal(expected, mount.Resolve(group));
    }

    [Fact]
    public void Escapes_are_undone_and_later_mounts_come_first()
    {
        var mounts = CgroupMount.Parse("1 2 0:3 / /a\\040b rw - cgroup2 none rw\n4 2 0:3 / /c\\134d rw - cgroup2 none rw\nnonsense\n5 2 0:9 / /x rw - ext4 /dev/vda rw");
        Assert.Equal(["/c\\d", "/a b"], mounts.Select(m => m.MountPoint));
    }

    [Theory]
    [InlineData("", "no unified hierarchy")]
    [InlineData("0::/nowhere/at/all\n", "mount -t cgroup2")]
    [InlineData("nonsense\n", "id:controllers:path")]
    public void What_cannot_work_says_why(string selfCgroup, string expected)
    {
        var e = Assert.Throws<CgroupException>(() => CgroupDriver.Detect(selfCgroup, Hybrid));
        Assert.Contains(expected, e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a/b")]
    [InlineData("..")]
    [InlineData("A")]
    [InlineData("12345678901234567890123456789012345678901234567890123456789012345")]
    public void A_node_id_that_is_no_name_is_refused(string nodeId) =>
        Assert.Throws<CgroupException>(() => CgroupDriver.CheckNodeId(nodeId));
}
