using Hearth.Agent.Tests.Fakes;
using Hearth.Contracts.V1;
using Xunit;

namespace Hearth.Agent.Tests.Events;

/// <summary>What clients send, up to the control plane's answer.</summary>
public sealed class EventLinkTests
{
    private static readonly (string, string) Event = ("X-Amz-Invocation-Type", "Event");

    [Fact]
    public async Task An_event_is_accepted_when_the_control_plane_says_so_under_the_id_that_the_client_was_told()
    {
        await using var node = await TestNode.StartAsync();
        await node.DeployAsync("f", "def handler(event, context):\n    return 1\n");
        var answer = await node.InvokeAsync("f", """{"a":1}""", Event, ("X-Amzn-Trace-Id", "Root=1-2-3"));
        Assert.Equal((202, ""), (answer.Status, answer.Text));
        var offer = Assert.Single(node.Control.Events.Offers);
        Assert.Equal(("f", """{"a":1}""", "Root=1-2-3", answer.RequestId), (offer.FunctionName, offer.Payload.ToStringUtf8(), offer.TraceId, $"{new Guid(offer.RequestId.Span, bigEndian: true)}"));
    }

    [Fact]
    public async Task It_dials_again_and_clients_hear_what_became_of_their_events()
    {
        await using var node = await TestNode.StartAsync();
        await node.DeployAsync("f", "def handler(event, context):\n    return 1\n");
        var events = node.Control.Events;
        for (var i = 0; i < 3; i++)
        {
            // One that is not answered when the stream ends: nobody knows whether it is stored.
            events.Answer = static _ => null;
            var open = node.InvokeAsync("f", "{}", Event);
            await Eventually.True(() => !events.Offers.IsEmpty);
            await events.HangUpAndWaitAsync();
            var answer = await open;
            // The other end had the new stream first.
            await Eventually.True(() => node.Agent.Events.IsConnected);
            Assert.Equal((503, "ServiceException"), (answer.Status, answer.ErrorType));
            Assert.Contains("It was not accepted, though it may run all the same", answer.Text, StringComparison.Ordinal);
            events.Answer = static offer => new EventAnswer { OfferId = offer.OfferId, Status = 202 };
            Assert.Equal(202, (await node.InvokeAsync("f", "{}", Event)).Status);
            events.Offers.Clear();
        }

        await node.Control.StopAsync();
        // The first ones after it ended may still have been on the stream that ended, and hear that nobody knows.
        await UntilAsync(node, static answer => answer.Status == 503 && answer.Text.Contains("control plane is away", StringComparison.Ordinal));
        await node.Control.StartAsync();
        await UntilAsync(node, static answer => answer.Status == 202);
    }

    [Theory]
    [InlineData(429, "TooManyRequestsException", "QueueFull", 429, "TooManyRequestsException")]
    [InlineData(404, "ResourceNotFoundException", "", 404, "ResourceNotFoundException")]
    [InlineData(0, "", "", 500, "ServiceException")]
    [InlineData(200, "a\nb: c", "\u0001", 500, "ServiceException")]
    [InlineData(999, "Nothing", "", 500, "Nothing")]
    public async Task A_refusal_is_passed_on_and_garbage_is_a_fault_of_ours(int status, string type, string reason, int seen, string seenType)
    {
        await using var node = await TestNode.StartAsync();
        await node.DeployAsync("f", "def handler(event, context):\n    return 1\n");
        node.Control.Events.Answer = offer => new EventAnswer { OfferId = offer.OfferId, Status = status, ErrorType = type, Message = "a\n\u0002", Reason = reason };
        var answer = await node.InvokeAsync("f", "{}", Event);
        Assert.Equal((seen, seenType), (answer.Status, answer.ErrorType));
        node.Control.Events.Answer = static offer => new EventAnswer { OfferId = offer.OfferId, Status = 202 };
        Assert.Equal(202, (await node.InvokeAsync("f", "{}", Event)).Status);
    }

    [Fact]
    public async Task Many_clients_share_messages_and_each_gets_its_own_answer()
    {
        await using var node = await TestNode.StartAsync();
        await node.DeployAsync("f", "def handler(event, context):\n    return 1\n");
        // Those with an odd number are refused.
        node.Control.Events.Answer = static offer => (offer.Payload.ToStringUtf8()[^1] - '0') % 2 == 0
            ? new EventAnswer { OfferId = offer.OfferId, Status = 202 }
            : new EventAnswer { OfferId = offer.OfferId, Status = 429, ErrorType = "TooManyRequestsException", Message = "full" };
        var answers = await Task.WhenAll(Enumerable.Range(0, 300).Select(i => node.InvokeAsync("f", $"{i}", Event)));
        Assert.All(answers.Index(), a => Assert.Equal(a.Index % 2 == 0 ? 202 : 429, a.Item.Status));
    }

    private static Task UntilAsync(TestNode node, Predicate<Answer> isThere) => Eventually.TrueAsync(async () => isThere(await node.InvokeAsync("f", "{}", Event)));
}
