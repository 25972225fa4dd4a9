using System.Collections.Concurrent;
using Grpc.Core;
using Grpc.Net.Client;
using Hearth.Contracts.V1;
using Hearth.ControlPlane.Tests.Adapters;
using Hearth.ControlPlane.Tests.Queue;
using Hearth.ControlPlane.Tests.Support;
using Xunit;

namespace Hearth.ControlPlane.Tests.Processes;

/// <summary>kill -9 of the control plane while events come in, run, fail and are retried: every accepted one is run, or lies in a dead letter.</summary>
public class QueueKillTests
{
    private const int Rounds = 10, Clients = 8;

    [Fact]
    public async Task NothingAcceptedIsLost()
    {
        using var data = new TempFolder();
        var random = new Random(7);
        var accepted = new ConcurrentDictionary<Guid, bool>();
        var succeeded = new ConcurrentDictionary<Guid, bool>();
        for (int round = 0; round <= Rounds; round++)
        {
            using var server = new ServerProcess("--data", data.Path, "--retry-delays", "0.01");
            Assert.Equal("hearth-control-plane: ready", await server.FirstLineAsync());
            using GrpcChannel channel = ServerProcess.Connect(data.Path);
            if (round == 0)
                await new GrpcAdapter(channel).CreateAsync(new Settings(), Zips.Good());
            await using FakeEventAgent agent = await FakeEventAgent.ConnectAsync(channel, run => Act(run, succeeded));
            if (round == Rounds)
            {
                await CheckAsync(channel, accepted, succeeded);
                server.Terminate();
                Assert.Equal(0, (await server.EndAsync()).Code);
                break;
            }

            Task killing = KillAtAsync(server, accepted, accepted.Count + random.Next(1, 100));
            await Task.WhenAll(Enumerable.Range(0, Clients).Select(_ => SendUntilKilledAsync(agent, accepted)));
            await killing;
        }

        Assert.True(accepted.Count > Rounds * 10, $"only {accepted.Count} were accepted");
    }

    /// <summary>Counted and not timed: a busy machine accepts few in a moment.</summary>
    private static async Task KillAtAsync(ServerProcess server, ConcurrentDictionary<Guid, bool> accepted, int count)
    {
        while (accepted.Count < count)
            await Task.Delay(1, TestContext.Current.CancellationToken);
        server.Kill();
    }

    // One in four always fails, one in four now and then; those that fail come again until they are dead letters.
    private static EventResult Act(EventRun run, ConcurrentDictionary<Guid, bool> succeeded)
    {
        Guid id = FakeEventAgent.IdOf(run);
        bool fails = (id.ToByteArray()[0] & 3) == 0 || ((id.ToByteArray()[0] & 3) == 1 && Random.Shared.Next(2) == 0);
        if (!fails)
            succeeded[id] = true;
        return new EventResult { EventId = run.EventId, Status = 200, FunctionError = fails ? "Unhandled" : "" };
    }

    private static async Task SendUntilKilledAsync(FakeEventAgent agent, ConcurrentDictionary<Guid, bool> accepted)
    {
        try
        {
            while (true)
            {
                var id = Guid.NewGuid();
                if ((await agent.OfferAsync(id)).Status == 202)
                    accepted[id] = true;
            }
        }
        catch (Exception e) when (e is RpcException or IOException or InvalidOperationException)
        {
            // Killed.
        }
    }

    private static async Task CheckAsync(GrpcChannel channel, ConcurrentDictionary<Guid, bool> accepted, ConcurrentDictionary<Guid, bool> succeeded)
    {
        var events = new Events.EventsClient(channel);
        await Eventually.TrueAsync(
            async () => (await events.GetQueuesAsync(new GetQueuesRequest())).Queues.Sum(q => q.Waiting + q.InFlight) == 0, () => "the queue does not come to its end");

        var dead = new HashSet<Guid>();
        var request = new ListDeadLettersRequest();
        do
        {
            ListDeadLettersResponse page = await events.ListDeadLettersAsync(request);
            dead.UnionWith(page.DeadLetters.Select(l => Guid.Parse(l.RequestId)));
            request.Marker = page.NextMarker;
        }
        while (request.Marker.Length > 0);
        Assert.DoesNotContain(accepted.Keys, id => !succeeded.ContainsKey(id) && !dead.Contains(id));
        Assert.NotEmpty(dead);
    }
}
