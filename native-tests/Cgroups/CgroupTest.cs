using Hearth.Sandbox.Cgroups;
using Xunit;

namespace Hearth.NativeTests.Cgroups;

/// <summary>Opens a driver for one test and checks afterwards that nothing of its node is left.</summary>
[Collection(CgroupCollection.Name)]
public abstract class CgroupTest : IDisposable
{
    public const int EPERM = 1, ENOENT = 2, ESRCH = 3, EBUSY = 16, EEXIST = 17, EINVAL = 22;

    private readonly List<GroupProcess> _processes = [];
    private readonly List<CgroupDriver> _others = [];
    private CgroupDriver? _driver;

    protected string NodeId { get; } = $"test-{Environment.ProcessId}-{Guid.NewGuid().ToString("N")[..8]}";

    protected bool IsHybrid => Driver.Mode == "hybrid";

    protected CgroupDriver Driver => _driver ??= OpenDriver(NodeId);

    /// <summary>A second driver on the same machine, closed with the test.</summary>
    protected CgroupDriver OpenOther(string nodeId)
    {
        var driver = OpenDriver(nodeId);
        _others.Add(driver);
        return driver;
    }

    protected static CgroupLimits Limits(int memoryMb = 64, int weight = 100, int quota = 0, int pids = 64) =>
        new() { MemoryMb = memoryMb, CpuWeight = weight, CpuMaxUsecPer100ms = quota, PidsMax = pids };

    protected TestGroup Create(ulong id, CgroupLimits limits) => Create(Driver, id, limits);

    protected static TestGroup Create(CgroupDriver driver, ulong id, CgroupLimits limits)
    {
        var handles = CgroupHandles.None;
        var result = driver.Create(id, limits, ref handles, out var step);
        Assert.True(result == 0, $"Create({id}): {step}: errno {-result}");
        return new(driver, id, handles);
    }

    /// <summary>Starts a shell that runs the script once it is in the group.</summary>
    protected GroupProcess Start(TestGroup group, string script)
    {
        var process = GroupProcess.Start(group, script);
        Own(process);
        return process;
    }

    /// <summary>Ends with the test.</summary>
    protected void Own(GroupProcess process) => _processes.Add(process);

    public void Dispose()
    {
        foreach (var process in _processes)
            process.Dispose();
        if (_driver is null)
            return;
        foreach (var driver in _others.Append(_driver))
        {
            driver.SweepLeftovers();
            driver.Close();
        }

        Assert.Empty(SlicesOf(NodeId));
        GC.SuppressFinalize(this);
    }

    protected static string[] SlicesOf(string nodeId) => [.. Mounts().SelectMany(mount =>
        Directory.EnumerateDirectories(mount, $"hearth-{nodeId}", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 }))];

    private static IEnumerable<string> Mounts() => File.ReadLines("/proc/self/mountinfo")
        .Where(line => line.Contains(" - cgroup", StringComparison.Ordinal)).Select(line => line.Split(' ')[4]).Distinct();

    private static CgroupDriver OpenDriver(string nodeId)
    {
        if (Environment.UserName != "root")
            Assert.Skip("needs root to make cgroups");
        var driver = CgroupDriver.Detect();
        try
        {
            driver.Open(nodeId);
        }
        catch (CgroupOwnershipException e)
        {
            Assert.Skip($"needs a cgroup of its own: {e.Message}");
        }

        return driver;
    }
}
