using Hearth.Agent.Sandboxes;
using Hearth.Wire;
using Xunit;

namespace Hearth.Agent.Tests.Scheduling;

public sealed class InstanceStateTests
{
    [Fact]
    public void Every_life_ends_gone_and_nothing_follows()
    {
        foreach (var state in Enum.GetValues<InstanceState>())
        {
            Assert.False(InstanceStates.MayFollow(InstanceState.Gone, state));
            if (state is not (InstanceState.Gone or InstanceState.Stopping))
                Assert.True(InstanceStates.MayFollow(state, InstanceState.Stopping), $"{state} cannot be stopped");
        }
    }

    [Theory]
    [InlineData(nameof(InstanceState.Frozen), nameof(InstanceState.Idle))]
    [InlineData(nameof(InstanceState.Bare), nameof(InstanceState.Busy))]
    [InlineData(nameof(InstanceState.Stopping), nameof(InstanceState.Resetting))]
    [InlineData(nameof(InstanceState.Starting), nameof(InstanceState.Busy))]
    public void Short_cuts_do_not_exist(string from, string to) =>
        Assert.False(InstanceStates.MayFollow(Enum.Parse<InstanceState>(from), Enum.Parse<InstanceState>(to)));

    [Theory]
    [InlineData(9, "killed")]
    [InlineData(11, "segmentation fault")]
    [InlineData(6, "aborted")]
    [InlineData(31, "bad system call")]
    [InlineData(34, "signal 34")]
    public void Signals_have_the_names_that_Go_prints(int signal, string name) => Assert.Equal(name, SignalNames.Of(signal));
}
