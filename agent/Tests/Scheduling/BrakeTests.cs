using Hearth.Agent.Hosting;
using Hearth.Agent.Scheduling;
using Hearth.Agent.Tests.Fakes;
using Xunit;

namespace Hearth.Agent.Tests.Scheduling;

/// <summary>The machine runs short of memory whatever the budget says.</summary>
public sealed class BrakeTests
{
    private const string Quiet = "some avg10=0.00 avg60=0.00 avg300=0.00 total=1\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=1\n";
    private const string Pid = "import os\ndef handler(event, context):\n    return os.getpid()\n";

    [Theory]
    [InlineData(8_000_000, 0.0, 0.0, MemoryBrakes.Off)]
    [InlineData(8_000_000, 90.0, 90.0, MemoryBrakes.Off)] // one group at its own limit
    [InlineData(3_900_000, 10.0, 0.0, MemoryBrakes.Hold)]
    [InlineData(3_900_000, 9.9, 4.9, MemoryBrakes.Off)]
    [InlineData(3_900_000, 10.0, 5.0, MemoryBrakes.Back)]
    [InlineData(0, 90.0, 90.0, MemoryBrakes.Off)] // not known
    [InlineData(1_200_000, 0.0, 0.0, MemoryBrakes.Hold)]
    [InlineData(600_000, 0.0, 0.0, MemoryBrakes.Back)]
    public void Stalls_and_what_is_available_pull_it(long availableKb, double some, double full, string expected)
    {
        var pressure = FormattableString.Invariant($"some avg10={some:F2} avg60=0.00 avg300=0.00 total=1\nfull avg10={full:F2} avg60=0.00 avg300=0.00 total=1\n");
        var signs = MachineMemory.Parse(Memory(availableKb), pressure);
        Assert.Equal(expected, MachineMemory.Judge(signs, MemoryBrake.Off).ToString());
    }

    [Fact]
    public void It_is_let_go_later_than_it_was_pulled()
    {
        var signs = new MemorySigns(3_000_000, 16_000_000, SomeStalled: 7, AllStalled: 0);
        Assert.Equal(MemoryBrake.Off, MachineMemory.Judge(signs, MemoryBrake.Off));
        Assert.Equal(MemoryBrake.Hold, MachineMemory.Judge(signs, MemoryBrake.Hold));
        Assert.Equal(MemoryBrake.Hold, MachineMemory.Judge(signs, MemoryBrake.Back));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("some\nfull avg10=\n")]
    [InlineData("some avg10=x avg60=0.00\n")]
    public void A_kernel_that_does_not_tell_stalls_is_judged_by_what_is_available(string? pressure)
    {
        var signs = MachineMemory.Parse(Memory(8_000_000), pressure);
        Assert.Null(signs.SomeStalled);
        Assert.Equal(MemoryBrake.Off, MachineMemory.Judge(signs, MemoryBrake.Off));
        Assert.Equal(0.0, MachineMemory.Parse("", Quiet).SomeStalled);
    }

    [Fact]
    public async Task Idle_instances_make_room_what_runs_goes_on_and_all_comes_back()
    {
        var brake = (int)MemoryBrake.Off;
        await using var node = await TestNode.StartAsync(brake: _ => (MemoryBrake)Volatile.Read(ref brake));
        foreach (var name in (string[])["a", "b", "c"])
        {
            await node.DeployAsync(name, Pid);
            await node.InvokeAsync(name);
        }
        Volatile.Write(ref brake, (int)MemoryBrake.Hold);
        await Eventually.True(() => node.Agent.Scheduler.DescribeCapacity().MemoryBrake == 1);
        // Whoever asks is served.
        await node.DeployAsync("d", Pid);
        Assert.Equal(200, (await node.InvokeAsync("d")).Status);
        Assert.Equal(4, node.Spawner.Alive.Count);
        Volatile.Write(ref brake, (int)MemoryBrake.Back);
        await Eventually.True(() => node.Spawner.Alive.Count < 4);
        Assert.Equal(200, (await node.InvokeAsync("a")).Status);
        Volatile.Write(ref brake, (int)MemoryBrake.Off);
        await Eventually.True(() => node.Agent.Scheduler.DescribeCapacity().MemoryBrake == 0);
        foreach (var name in (string[])["a", "b", "c", "d"])
            Assert.Equal(200, (await node.InvokeAsync(name)).Status);
    }

    private static string Memory(long availableKb) => FormattableString.Invariant($"MemTotal:       16000000 kB\nMemFree:          100000 kB\nMemAvailable:    {availableKb} kB\n");

    /// <summary>The names, since a theory's data is public and the brake is not.</summary>
    private static class MemoryBrakes
    {
        public const string Off = nameof(MemoryBrake.Off);
        public const string Hold = nameof(MemoryBrake.Hold);
        public const string Back = nameof(MemoryBrake.Back);
    }
}
