using System.Collections.Concurrent;
using Grpc.Net.Client;
using Hearth.Contracts.V1;
using Hearth.ControlPlane.Tests.Adapters;
using Hearth.ControlPlane.Tests.Queue;
using Hearth.ControlPlane.Tests.Support;
using Xunit;

namespace Hearth.ControlPlane.Tests.Processes;

/// <summary>A disk that fills up while events come in and run: each offer is answered, what was accepted is kept, and all goes on when there is room.</summary>
public class FullDiskTests
{
    private static readonly string Payload = $"\"{new string('x', 20_000)}\"";

    [Fact]
    public async Task OffersAreRefusedAndNothingAcceptedIsLost()
    {
        using var disk = new SmallDisk(24);
        var accepted = new ConcurrentDictionary<Guid, bool>();
        var ran = new ConcurrentDictionary<Guid, bool>();
        using (ServerProcess server = disk.Start("--retry-delays", "0.01"))
        {
            Assert.Equal("hearth-control-plane: ready", await server.FirstLineAsync());
            using GrpcChannel channel = ServerProcess.Connect(disk.DataOf(server));
            await new GrpcAdapter(channel).CreateAsync(new Settings(), Zips.Good());
            // It reports a success of every other event: what is to be deleted needs room as well.
            int runs = 0;
            await using FakeEventAgent agent = await FakeEventAgent.ConnectAsync(channel, run => Interlocked.Increment(ref runs) % 2 == 0 ? Ran(run, ran) : null);
            await OfferAsync(agent, 50, accepted);
            Assert.Equal(50, accepted.Count);

            string filler = disk.Fill(server);
            // The write-ahead log may still have some room of its own.
            EventAnswer? refusal = null;
            for (int i = 0; i < 100 && refusal is null; i++)
                refusal = (await OfferAsync(agent, 20, accepted)).Find(a => a.Status != 202);
            Assert.Equal((503, "ServiceException"), (refusal?.Status, refusal?.ErrorType));
            Assert.Contains("could not be stored and was not accepted", refusal!.Message, StringComparison.Ordinal);
            List<EventAnswer> all = await OfferAsync(agent, 500, accepted);
            Assert.All(all, a => Assert.True(a.Status is 202 or 503, a.Message));
            Assert.Contains(all, a => a.Status == 503);

            File.Delete(filler);
            int before = accepted.Count;
            // The file system frees what was deleted in its own time.
            await Eventually.TrueAsync(
                async () =>
                {
                    await OfferAsync(agent, 1, accepted);
                    return accepted.Count > before;
                },
                () => "there is room and nothing is accepted");
            server.Kill();
        }

        using ServerProcess again = disk.Start("--retry-delays", "0.01");
        Assert.Equal("hearth-control-plane: ready", await again.FirstLineAsync());
        using GrpcChannel other = ServerProcess.Connect(disk.DataOf(again));
        await using FakeEventAgent second = await FakeEventAgent.ConnectAsync(other, run => Ran(run, ran));
        var events = new Events.EventsClient(other);
        await Eventually.TrueAsync(
            async () => (await events.GetQueuesAsync(new GetQueuesRequest(), cancellationToken: TestContext.Current.CancellationToken)).Queues.Sum(q => q.Waiting + q.InFlight) == 0,
            () => "the queue does not come to its end");

        Assert.DoesNotContain(accepted.Keys, id => !ran.ContainsKey(id));
    }

    private static async Task<List<EventAnswer>> OfferAsync(FakeEventAgent agent, int count, ConcurrentDictionary<Guid, bool> accepted)
    {
        EventAnswer[] answers = await Task.WhenAll(Enumerable.Range(0, count).Select(async _ =>
        {
            var id = Guid.NewGuid();
            EventAnswer answer = await agent.OfferAsync(id, payload: Payload).WaitAsync(TimeSpan.FromSeconds(60));
            if (answer.Status == 202)
                accepted[id] = true;
            return answer;
        }));
        return [.. answers];
    }

    private static EventResult Ran(EventRun run, ConcurrentDictionary<Guid, bool> ran)
    {
        ran[FakeEventAgent.IdOf(run)] = true;
        return new EventResult { EventId = run.EventId, Status = 200 };
    }
}
