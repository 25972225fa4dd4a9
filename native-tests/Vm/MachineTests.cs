using Xunit;

namespace Hearth.NativeTests.Vm;

/// <summary>What the VM is for: a kernel that is served, cgroup v2 with every controller, PSI and cpusets. Skipped on other machines.</summary>
public sealed class MachineTests
{
    private const string Root = "/sys/fs/cgroup";

    public MachineTests()
    {
        if (!File.Exists("/run/hearth-vm/command"))
            Assert.Skip("runs in the test VM only");
    }

    [Theory]
    [InlineData("cpu")]
    [InlineData("cpuset")]
    [InlineData("io")]
    [InlineData("memory")]
    [InlineData("pids")]
    public void The_controller_is_there(string controller) => Assert.Contains(controller, File.ReadAllText($"{Root}/cgroup.subtree_control").Split([' ', '\n']));

    [Theory]
    [InlineData("cpu")]
    [InlineData("memory")]
    [InlineData("io")]
    public void Pressure_is_measured(string resource)
    {
        Assert.StartsWith("some avg10=", File.ReadAllText($"/proc/pressure/{resource}"), StringComparison.Ordinal);
        Assert.StartsWith("some avg10=", File.ReadAllText($"{Root}/test/{resource}.pressure"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_cpuset_confines_a_group()
    {
        const string Group = $"{Root}/cpuset-probe";
        Directory.CreateDirectory(Group);
        try
        {
            File.WriteAllText($"{Group}/cpuset.cpus", "1");
            Assert.Equal("1", File.ReadAllText($"{Group}/cpuset.cpus.effective").Trim());
        }
        finally
        {
            Directory.Delete(Group);
        }
    }

    [Fact]
    public void The_kernel_is_no_older_than_the_floor() => Assert.True(Environment.OSVersion.Version >= new Version(6, 1), Environment.OSVersion.VersionString);

    [Fact]
    public void The_hosts_root_cannot_be_written() => Assert.ThrowsAny<IOException>(() => File.WriteAllText("/run/host/hearth-vm-probe", ""));
}
