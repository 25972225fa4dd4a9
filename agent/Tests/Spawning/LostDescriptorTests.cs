using System.Net.Sockets;
using Hearth.Agent.Spawning;
using Hearth.Agent.Tests.Fakes;
using Hearth.Sandbox.Protocol;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hearth.Agent.Tests.Spawning;

/// <summary>
/// A process that may not open more files loses descriptors that are sent to it, without an error. What such an answer is about is no sandbox: the start fails, it is destroyed, and the
/// agent goes on.
/// </summary>
public sealed class LostDescriptorTests : IDisposable
{
    private static readonly SandboxSpec s_spec = new(RuntimeKind.Python, new byte[SpawnerProtocol.HashLength], [], 128, 512, HardCpuCap: false);

    private readonly FakeSpawnerSocket _spawner = new();

    public void Dispose() => _spawner.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    public async Task Of_a_new_sandbox(int come)
    {
        using var client = new SpawnerClient(_spawner.Path, NullLogger.Instance);
        using var agent = _spawner.Accept();
        await Eventually.True(() => client.IsConnected);
        var start = client.StartAsync(s_spec, TestContext.Current.CancellationToken);
        var create = FakeSpawnerSocket.Next(agent);
        FakeSpawnerSocket.AnswerWith(agent, create, come);
        Assert.Contains($"{come} of 8 descriptors", (await Assert.ThrowsAsync<SpawnerException>(() => start)).Message, StringComparison.Ordinal);
        ExpectDestroyed(agent, create.SandboxId);
        await AssertLives(client, agent);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public async Task Of_a_claimed_one(int come)
    {
        using var client = new SpawnerClient(_spawner.Path, NullLogger.Instance);
        using var agent = _spawner.Accept();
        await Eventually.True(() => client.IsConnected);
        var start = client.StartAsync(s_spec, TestContext.Current.CancellationToken);
        var create = FakeSpawnerSocket.Next(agent);
        FakeSpawnerSocket.AnswerWith(agent, create, 8);
        FakeSpawnerSocket.AnswerWith(agent, FakeSpawnerSocket.Next(agent), come);
        ExpectDestroyed(agent, create.SandboxId);
        Assert.Contains($"{come} of 3 descriptors", (await Assert.ThrowsAsync<SpawnerException>(() => start)).Message, StringComparison.Ordinal);
        await AssertLives(client, agent);
    }

    [Fact]
    public async Task Of_one_that_is_reset()
    {
        using var client = new SpawnerClient(_spawner.Path, NullLogger.Instance);
        using var agent = _spawner.Accept();
        await Eventually.True(() => client.IsConnected);
        var sandbox = await StartAsync(client, agent);
        var reset = sandbox.ResetAsync(TestContext.Current.CancellationToken);
        var request = FakeSpawnerSocket.Next(agent);
        Assert.Equal(RequestKind.Reset, request.Kind);
        FakeSpawnerSocket.AnswerWith(agent, request, 1);
        Assert.Contains("1 of 3 descriptors", (await Assert.ThrowsAsync<SpawnerException>(() => reset)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_one_that_is_warmed()
    {
        using var client = new SpawnerClient(_spawner.Path, NullLogger.Instance, pooled: 3);
        using var agent = _spawner.Accept();
        foreach (var _ in (int[])[1, 2])
            FakeSpawnerSocket.AnswerWith(agent, FakeSpawnerSocket.Next(agent), 8);
        client.Expect(RuntimeKind.Python, 0, 128);
        var create = FakeSpawnerSocket.Next(agent);
        FakeSpawnerSocket.AnswerWith(agent, create, 8);
        var warm = FakeSpawnerSocket.Next(agent);
        Assert.Equal(RequestKind.Warm, warm.Kind);
        FakeSpawnerSocket.AnswerWith(agent, warm, 2);
        ExpectDestroyed(agent, create.SandboxId);
    }

    private static async Task<ISandbox> StartAsync(SpawnerClient client, Socket agent)
    {
        var start = client.StartAsync(s_spec, TestContext.Current.CancellationToken);
        FakeSpawnerSocket.AnswerWith(agent, FakeSpawnerSocket.Next(agent), 8);
        FakeSpawnerSocket.AnswerWith(agent, FakeSpawnerSocket.Next(agent), 3);
        return await start;
    }

    private static void ExpectDestroyed(Socket agent, ulong sandbox)
    {
        var destroy = FakeSpawnerSocket.Next(agent);
        Assert.Equal((RequestKind.Destroy, sandbox), (destroy.Kind, destroy.SandboxId));
        FakeSpawnerSocket.Answer(agent, destroy);
    }

    /// <summary>Also over the loss of its spawner, when it lets go of all there is.</summary>
    private async Task AssertLives(SpawnerClient client, Socket agent)
    {
        await StartAsync(client, agent);
        agent.Close();
        using var again = _spawner.Accept();
        await Eventually.True(() => client.IsConnected);
        await StartAsync(client, again);
    }
}
