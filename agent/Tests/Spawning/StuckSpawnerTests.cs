using System.Net.Sockets;
using Hearth.Agent.Spawning;
using Hearth.Agent.Tests.Fakes;
using Hearth.Sandbox.Protocol;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hearth.Agent.Tests.Spawning;

/// <summary>A spawner that is there and does nothing (stopped, or its disk stuck) is an error for callers, not a wait without end.</summary>
public sealed class StuckSpawnerTests : IDisposable
{
    private static readonly SandboxSpec s_spec = new(RuntimeKind.Python, new byte[SpawnerProtocol.HashLength], [], 128, 512, HardCpuCap: false);

    private readonly FakeSpawnerSocket _spawner = new();

    public void Dispose() => _spawner.Dispose();

    [Fact]
    public async Task A_request_without_an_answer_is_an_error_and_what_comes_of_it_late_is_removed()
    {
        using var client = Client();
        using var agent = _spawner.Accept();
        await Eventually.True(() => client.IsConnected);
        var start = client.StartAsync(s_spec, TestContext.Current.CancellationToken);
        var create = ReadBut(agent, RequestKind.Status);
        Assert.Equal(RequestKind.Create, create.Kind);
        Assert.Contains("has not answered within", (await Assert.ThrowsAsync<SpawnerException>(() => start)).Message);
        var destroy = ReadBut(agent, RequestKind.Status);
        Assert.Equal((RequestKind.Destroy, create.SandboxId), (destroy.Kind, destroy.SandboxId));
    }

    [Fact]
    public async Task A_spawner_that_does_not_say_how_it_is_is_given_up_and_dialled_again()
    {
        using var client = Client();
        using var agent = _spawner.Accept();
        await Eventually.True(() => client.IsConnected);
        Assert.Equal(RequestKind.Status, FakeSpawnerSocket.Read(agent).Kind);
        await Eventually.True(() => !client.IsConnected);
        Assert.Equal(0, agent.Receive(new byte[512]));
        await Assert.ThrowsAsync<SpawnerException>(() => client.StartAsync(s_spec, TestContext.Current.CancellationToken));
        using var again = _spawner.Accept();
        await Eventually.True(() => client.IsConnected);
    }

    [Fact]
    public async Task A_spawner_that_says_how_it_is_is_kept_though_a_request_takes_long()
    {
        using var client = Client();
        using var agent = _spawner.Accept();
        await Eventually.True(() => client.IsConnected);
        var start = client.StartAsync(s_spec, TestContext.Current.CancellationToken);
        var asked = 0;
        while (asked < 8)
        {
            var request = FakeSpawnerSocket.Read(agent);
            if (request.Kind != RequestKind.Status)
                continue;
            FakeSpawnerSocket.Answer(agent, request);
            asked++;
        }

        await Assert.ThrowsAsync<SpawnerException>(() => start);
        Assert.True(client.IsConnected);
    }

    [Fact]
    public async Task A_spawner_that_does_not_say_Hello_is_given_up_too()
    {
        using var client = Client();
        using (var mute = _spawner.AcceptMute())
        {
            Assert.Equal(RequestKind.Hello, FakeSpawnerSocket.Read(mute).Kind);
            Assert.Equal(0, mute.Receive(new byte[512]));
            await Assert.ThrowsAsync<SpawnerException>(() => client.StartAsync(s_spec, TestContext.Current.CancellationToken));
        }

        using var agent = _spawner.Accept();
        await Eventually.True(() => client.IsConnected);
    }

    [Fact]
    public async Task Callers_of_a_full_queue_all_get_their_error()
    {
        using var client = Client();
        using var agent = _spawner.Accept();
        await Eventually.True(() => client.IsConnected);
        var starts = Enumerable.Range(0, 2_000).Select(_ => Task.Run(() => client.StartAsync(s_spec, TestContext.Current.CancellationToken))).ToArray();
        foreach (var start in starts)
            await Assert.ThrowsAsync<SpawnerException>(() => start);
    }

    private SpawnerClient Client() => new(_spawner.Path, NullLogger.Instance, TimeSpan.FromSeconds(1));

    private static RequestHeader ReadBut(Socket agent, RequestKind unwanted)
    {
        RequestHeader request;
        do
        {
            request = FakeSpawnerSocket.Read(agent);
        }
        while (request.Kind == unwanted);
        return request;
    }
}
