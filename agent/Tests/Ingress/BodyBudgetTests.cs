using System.Net;
using System.Text;
using Hearth.Agent.Ingress;
using Hearth.Agent.Tests.Fakes;
using Hearth.Agent.Tests.Streaming;
using Hearth.Agent.Tests.Web;
using Hearth.Contracts.V1;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Hearth.Agent.Tests.Ingress;

/// <summary>What events together hold, and that nobody's keep out all others.</summary>
public sealed class BodyBudgetTests
{
    private const int Large = 32 << 10;
    private static readonly BodyOwner s_f = BodyOwner.Of("f", isProved: true), s_g = BodyOwner.Of("g", isProved: true), s_open = BodyOwner.Of("f", isProved: false);

    [Fact]
    public void The_bytes_held_for_all_events_together_are_bounded()
    {
        var budget = new BodyBudget(100 * Large);
        Assert.Equal(50, TakeAll(budget, s_f));
        Assert.Equal(25, TakeAll(budget, s_g));
        Assert.Equal(12, TakeAll(budget, BodyOwner.Of("h", isProved: true)));
        for (var i = 0; i < 25; i++)
            budget.Give(s_f, Large);
        Assert.Equal(6, TakeAll(budget, s_g));
    }

    [Fact]
    public void Half_of_it_is_for_those_who_have_proved_who_they_are()
    {
        var budget = new BodyBudget(100 * Large);
        var taken = 0;
        for (var i = 0; i < 20; i++)
            taken += TakeAll(budget, Peer($"192.0.2.{i}"));
        Assert.InRange(taken, 45, 50);
        Assert.Equal(0, TakeAll(budget, s_open));
        Assert.InRange(TakeAll(budget, s_f), 25, 30);
        // Whoever proves it makes room for others who have not.
        for (var i = 0; i < 25; i++)
            budget.Move(Peer("192.0.2.0"), s_g, Large);
        Assert.InRange(TakeAll(budget, s_open), 5, 15);
    }

    [Fact]
    public void Small_pieces_find_room_that_large_ones_do_not_take()
    {
        var budget = new BodyBudget(32 * Large);
        for (var i = 0; i < 20; i++)
            TakeAll(budget, BodyOwner.Of($"f{i}", isProved: false));
        Assert.False(budget.TryTake(s_open, Large));
        // One from what the large ones left, four from the reserve of 64 KiB, nobody all of it.
        Assert.Equal(5, Enumerable.Range(0, 20).Count(i => budget.TryTake(BodyOwner.Of($"g{i}", isProved: false), BodyBudget.Small)));
    }

    [Theory]
    [InlineData("192.0.2.1", "192.0.2.1", true)]
    [InlineData("192.0.2.1", "192.0.2.2", false)]
    [InlineData("192.0.2.1", "::ffff:192.0.2.1", true)]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:2:ffff::2", true)]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:3::1", false)]
    public void A_sender_is_an_address_or_the_network_of_one_customer(string one, string other, bool isSame) => Assert.Equal(isSame, Peer(one) == Peer(other));

    [Fact]
    public async Task Large_events_that_wait_at_one_slow_URL_leave_room_for_other_URLs()
    {
        // An event of 3 MiB takes 8 MiB while it is made and 4 while it waits; URLs without a signature have 32 in all.
        await using var web = await WebNode.StartAsync(WebNode.Url(), new IngressLimits(64 << 20, 256 << 20));
        var node = web.Node;
        var spec = await node.DeployAsync("g", "def handler(event, context):\n    return 1\n");
        var id = WebNode.Id[..^1] + "6";
        node.Control.Put(new FunctionSet { FunctionName = "g", Versions = { spec }, Urls = { new UrlSpec { FunctionName = "g", UrlId = id, AuthType = "NONE", InvokeMode = "BUFFERED" } } });
        await Eventually.True(() => node.Agent.Catalogue.FindUrl(id) is not null);
        var folder = Directory.CreateTempSubdirectory("hearth-events-").FullName;
        List<RawClient> waiting = [];
        try
        {
            var go = Path.Join(folder, "go");
            Task<int> status;
            do
            {
                var client = await SendAsync(WebNode.Id, $"""[["wait","{go}"],["respond","1"]]""");
                waiting.Add(client);
                status = client.StatusAsync();
                await Eventually.True(() => status.IsCompleted || node.Agent.Scheduler.DescribeCapacity().Busy == waiting.Count);
            }
            while (!status.IsCompleted);
            Assert.Equal(503, await status);
            using (var other = await SendAsync(id, "1"))
                Assert.Equal(200, await other.StatusAsync());
            using (var small = await RawClient.SendAsync(node, $"GET /_url/{id}/ HTTP/1.1\nHost: localhost"))
                Assert.Equal(200, await small.StatusAsync());
            await File.WriteAllTextAsync(go, "", TestContext.Current.CancellationToken);
        }
        finally
        {
            waiting.ForEach(static c => c.Dispose());
            Directory.Delete(folder, recursive: true);
        }

        Task<RawClient> SendAsync(string url, string steps)
        {
            var body = Encoding.UTF8.GetBytes(steps.PadRight(3 << 20));
            return RawClient.SendAsync(node, $"POST /_url/{url}/ HTTP/1.1\nHost: localhost\nContent-Type: application/json\nContent-Length: {body.Length}", body);
        }
    }

    private static BodyOwner Peer(string address) => BodyOwner.Of(new DefaultHttpContext { Connection = { RemoteIpAddress = IPAddress.Parse(address) } }.Connection);

    /// <returns>How many it was.</returns>
    private static int TakeAll(BodyBudget budget, BodyOwner owner)
    {
        var count = 0;
        while (budget.TryTake(owner, Large))
            count++;
        return count;
    }
}
