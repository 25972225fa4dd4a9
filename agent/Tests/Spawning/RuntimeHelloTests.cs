using System.IO.Pipes;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Hearth.Agent.Spawning;
using Hearth.Agent.Tests.Fakes;
using Hearth.Sandbox.Protocol;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;
using Answer = Hearth.Sandbox.Protocol.Answer;

namespace Hearth.Agent.Tests.Spawning;

/// <summary>Interpreters that are started ahead of time: the next one is begun when the one before has said Hello, or has ended.</summary>
public sealed class RuntimeHelloTests : IDisposable
{
    private const int First = 300, Second = 400;

    private static readonly SandboxSpec s_other = new(RuntimeKind.NodeJs, new byte[SpawnerProtocol.HashLength], [], 128, 512, HardCpuCap: false);

    private readonly FakeSpawnerSocket _spawner = new();
    private readonly AnonymousPipeServerStream _runtime = new(PipeDirection.Out);
    private readonly List<int> _created = [];

    public void Dispose()
    {
        _runtime.Dispose();
        _spawner.Dispose();
    }

    [Fact]
    public async Task The_next_one_is_begun_when_the_one_before_has_said_Hello()
    {
        using var client = new SpawnerClient(_spawner.Path, NullLogger.Instance, pooled: 8);
        using var agent = _spawner.Accept();
        await BootAsync(client, agent);
        _runtime.Write("any frame"u8);
        await UntilCreatedAsync(agent, Second);
        // The frame is there for whoever claims it.
        var claimed = client.StartAsync(s_other with { MemoryMb = First }, TestContext.Current.CancellationToken);
        while (!claimed.IsCompleted)
            Serve(agent, agent.Poll(20_000, SelectMode.SelectRead));
        using var frames = new FileStream((await claimed).Responses, FileAccess.Read, bufferSize: 0);
        Assert.Equal((byte)'a', frames.ReadByte());
    }

    [Fact]
    public async Task Or_when_it_has_ended_and_that_one_is_destroyed()
    {
        using var client = new SpawnerClient(_spawner.Path, NullLogger.Instance, pooled: 8);
        using var agent = _spawner.Accept();
        var sandbox = await BootAsync(client, agent);
        agent.Send(MemoryMarshal.AsBytes([new Answer { Version = SpawnerProtocol.Version, Kind = AnswerKind.RuntimeExited, SandboxId = sandbox, Value = 9, Generation = 1 }]));
        RequestHeader destroy;
        while ((destroy = Serve(agent)).Kind != RequestKind.Destroy)
        {
        }

        Assert.Equal(sandbox, destroy.SandboxId);
        await UntilCreatedAsync(agent, Second);
    }

    /// <summary>The first one executes and says nothing yet; other starts go on meanwhile, and nothing of the second is begun.</summary>
    private async Task<ulong> BootAsync(SpawnerClient client, Socket agent)
    {
        for (var empty = 0; empty < 2; empty++)
            Serve(agent);
        client.Expect(RuntimeKind.NodeJs, 0, First);
        client.Expect(RuntimeKind.NodeJs, 0, Second);
        RequestHeader warm;
        while ((warm = Serve(agent)).Kind != RequestKind.Warm)
        {
        }

        for (var start = 0; start < 3; start++)
        {
            var made = _created.Count;
            var claimed = client.StartAsync(s_other, TestContext.Current.CancellationToken);
            while (!claimed.IsCompleted || _created.Count == made)
                Serve(agent, agent.Poll(20_000, SelectMode.SelectRead));
            await claimed;
        }

        Assert.DoesNotContain(Second, _created);
        return warm.SandboxId;
    }

    private async Task UntilCreatedAsync(Socket agent, int memoryMb)
    {
        await Eventually.True(() =>
        {
            Serve(agent, agent.Poll(0, SelectMode.SelectRead));
            return _created.Contains(memoryMb);
        });
    }

    private void Serve(Socket agent, bool isThere)
    {
        if (isThere)
            Serve(agent);
    }

    /// <summary>Does the next thing that is asked for.</summary>
    private RequestHeader Serve(Socket agent)
    {
        var packet = new byte[512];
        Assert.NotEqual(0, agent.Receive(packet));
        var request = MemoryMarshal.Read<RequestHeader>(packet);
        switch (request.Kind)
        {
            case RequestKind.Create:
                _created.Add(MemoryMarshal.Read<CreateRequest>(packet).MemoryMb);
                FakeSpawnerSocket.AnswerWith(agent, request, 8);
                break;
            case RequestKind.Warm:
                FakeSpawnerSocket.AnswerWith(agent, request, 3, (int)_runtime.ClientSafePipeHandle.DangerousGetHandle());
                break;
            case RequestKind.Claim:
                FakeSpawnerSocket.AnswerWith(agent, request, MemoryMarshal.Read<ClaimRequest>(packet).MemoryMb == First ? 0 : 3);
                break;
            default:
                FakeSpawnerSocket.Answer(agent, request);
                break;
        }

        return request;
    }
}
