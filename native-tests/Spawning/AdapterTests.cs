using Hearth.Sandbox.Linux;
using Hearth.Sandbox.Protocol;
using Xunit;

namespace Hearth.NativeTests.Spawning;

/// <summary>Sandboxes whose language's client is started by the adapter: the agent says that in one number, and the spawner knows the rest.</summary>
[Collection(SpawningCollection.Name)]
public sealed class AdapterTests
{
    [Fact]
    public async Task The_adapter_is_executed_with_the_client_as_its_arguments_again_after_a_reset()
    {
        await using var spawner = await SpawnerProcess.StartAsync();
        using var agent = await spawner.ConnectAsync();
        using var sandbox = TestSandbox.StartBehindAdapter(agent, 1, runtime: 1);
        const string arguments = "answer = open('/proc/self/cmdline').read().split('\\0')[1:-1]";
        string[] expected = ["/var/runtime/hearth-adapter", "--client", "/usr/bin/python3", "-S", "-I", "/var/runtime/bootstrap.py"];
        Assert.Equal(expected, sandbox.Run(arguments)!.AsArray().Select(one => one!.GetValue<string>()));
        sandbox.Reset();
        Assert.Equal(expected, sandbox.Run(arguments)!.AsArray().Select(one => one!.GetValue<string>()));
        Assert.Equal(0, agent.Status().Allocated);
    }

    [Theory]
    [InlineData(1, 2)]
    [InlineData(1, -1)]
    [InlineData(4, 1)]
    public async Task Another_number_and_that_of_provided_are_refused(int runtime, int behindAdapter)
    {
        await using var spawner = await SpawnerProcess.StartAsync();
        using var agent = await spawner.ConnectAsync();
        Assert.Equal(0, agent.Ask(agent.CreateOf(1))?.Answer.Error);
        var claim = agent.ClaimOf(1);
        (claim.Runtime, claim.BehindAdapter) = (runtime, behindAdapter);
        Assert.Equal(Errno.EINVAL, agent.Ask(claim)?.Answer.Error);
        (claim.Header, claim.BehindAdapter) = (agent.Header(RequestKind.Claim, 1), 0);
        Assert.Equal(0, agent.Ask(claim)?.Answer.Error);
    }

    [Fact]
    public async Task One_that_was_started_ahead_of_time_cannot_be_put_behind_it()
    {
        await using var spawner = await SpawnerProcess.StartAsync();
        using var agent = await spawner.ConnectAsync();
        Assert.Equal(0, agent.Ask(agent.CreateOf(1))?.Answer.Error);
        Assert.Equal(0, agent.Ask(agent.WarmOf(1, runtime: 1))?.Answer.Error);
        var claim = agent.ClaimOf(1);
        (claim.Runtime, claim.BehindAdapter) = (1, 1);
        Assert.Equal(Errno.EINVAL, agent.Ask(claim)?.Answer.Error);
    }
}
