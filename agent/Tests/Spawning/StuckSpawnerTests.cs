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
        using var agent = await _spawner.AcceptAsync(client);
        var start = client.StartAsync(s_spec, TestContext.Current.CancellationToken);
        // It says how it is all the while, or it would be given up for that.
        var create = FakeSpawnerSocket.Next(agent);
        Assert.Equal(RequestKind.Create, create.Kind);
        var destroy = FakeSpawnerSocket.Next(agent);
        Assert.Equal((RequestKind.Destroy, create.SandboxId), (destroy.Kind, destroy.SandboxId));
        Assert.Contains("has not answered within", (await Assert.ThrowsAsync<SpawnerException>(() => start)).Message);
    }

    [Fact]
    public async Task A_spawner_that_does_not_say_how_it_is_is_given_up_and_dialled_again()
    {
        using var client = Client();
        using var agent = await _spawner.AcceptAsync(client);
        Assert.Equal(RequestKind.Status, FakeSpawnerSocket.Read(agent).Kind);
        await Eventually.True(() => !client.IsConnected);
        Assert.Equal(0, agent.Receive(new byte[512]));
        await Assert.ThrowsAsync<SpawnerException>(() => client.StartAsync(s_spec, TestContext.Current.CancellationToken));
        using var again = await _spawner.AcceptAsync(client);
        Assert.True(client.IsConnected);
    }

    [Fact]
    public async Task A_spawner_that_says_how_it_is_is_kept_though_a_request_takes_long()
    {
        using var client = Client();
        using var agent = await _spawner.AcceptAsync(client);
        var start = client.StartAsync(s_spec, TestContext.Current.CancellationToken);
        var asked = 0;
        // To the end of the test: what waits for the start must not keep it from answering.
        var spawner = Task.Factory.StartNew(Speak, TestContext.Current.CancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        await Eventually.True(() => Volatile.Read(ref asked) >= 8);
        await Assert.ThrowsAsync<SpawnerException>(() => start);
        Assert.True(client.IsConnected);
        agent.Shutdown(SocketShutdown.Both);
        await spawner.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);

        void Speak()
        {
            for (RequestHeader request; (request = FakeSpawnerSocket.Read(agent)).Kind != default;)
            {
                if (request.Kind != RequestKind.Status)
                    continue;
                FakeSpawnerSocket.Answer(agent, request);
                Interlocked.Increment(ref asked);
            }
        }
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

        using var agent = await _spawner.AcceptAsync(client);
        Assert.True(client.IsConnected);
    }

    [Fact]
    public async Task Callers_of_a_full_queue_all_get_their_error()
    {
        using var client = Client();
        using var agent = await _spawner.AcceptAsync(client);
        // On threads of their own: they all wait, and so would everybody else's work behind them in the pool.
        var callers = Enumerable.Range(0, 50).Select(_ => Task.Factory.StartNew(
            () => Enumerable.Range(0, 40).Select(_ => client.StartAsync(s_spec, TestContext.Current.CancellationToken)).ToArray(),
            TestContext.Current.CancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default));
        foreach (var starts in await Task.WhenAll(callers))
        {
            foreach (var start in starts)
                await Assert.ThrowsAsync<SpawnerException>(() => start);
        }
    }

    private SpawnerClient Client() => new(_spawner.Path, NullLogger.Instance, TimeSpan.FromSeconds(1));
}
