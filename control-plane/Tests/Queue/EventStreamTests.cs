using System.Text;
using Google.Protobuf;
using Grpc.Core;
using Hearth.Contracts.V1;
using Hearth.ControlPlane.Tests.Adapters;
using Hearth.ControlPlane.Tests.Support;
using Xunit;

namespace Hearth.ControlPlane.Tests.Queue;

/// <summary>The stream to agents and the Events service, on a real server.</summary>
public class EventStreamTests
{
    [Fact]
    public async Task WhatIsOfferedIsStoredAndComesBackToBeRun()
    {
        await using TestServer server = await StartAsync();
        await using FakeEventAgent agent = await FakeEventAgent.ConnectAsync(server.Grpc);
        var id = Guid.NewGuid();
        Assert.Equal(202, (await agent.OfferAsync(id, payload: """{"a":1}""", qualifier: "live")).Status);
        EventRun run = await agent.RunAsync();
        Assert.Equal((id, "f", "live", """{"a":1}"""), (FakeEventAgent.IdOf(run), run.FunctionName, run.Qualifier, run.Payload.ToStringUtf8()));
        await agent.ReportAsync(new EventResult { EventId = run.EventId, Status = 200, ExecutedVersion = "1" });
        await UntilAsync(server, q => q is { Succeeded: 1, Waiting: 0, InFlight: 0 });
        await Eventually.TrueAsync(() => agent.Settled.Contains(run.EventId), () => "the agent never hears that its report is stored");
    }

    [Fact]
    public async Task ANewerStreamOfAnAgentEndsTheOlderAndGetsItsEvents()
    {
        await using TestServer server = await StartAsync();
        await using FakeEventAgent older = await FakeEventAgent.ConnectAsync(server.Grpc);
        var id = Guid.NewGuid();
        await older.OfferAsync(id);
        Assert.Equal((id, 0), (FakeEventAgent.IdOf(await older.RunAsync()), older.Settled.Count));
        await using FakeEventAgent newer = await FakeEventAgent.ConnectAsync(server.Grpc);
        await Assert.ThrowsAsync<RpcException>(() => older.Ended);
        EventRun again = await newer.RunAsync();
        Assert.Equal((id, 0), (FakeEventAgent.IdOf(again), again.Tries));
        await newer.ReportAsync(new EventResult { EventId = again.EventId, Status = 200, FunctionError = "Unhandled" });
        EventRun second = await newer.RunAsync();
        Assert.Equal((again.EventId, 1), (second.EventId, second.Tries));
    }

    [Fact]
    public async Task AnAgentThatDoesNotReadIsHungUpOn()
    {
        await using TestServer server = await StartAsync();
        using AsyncDuplexStreamingCall<EventsUp, EventsDown> call = new AgentLink.AgentLinkClient(server.Grpc).Events(cancellationToken: TestContext.Current.CancellationToken);
        await call.RequestStream.WriteAsync(new EventsUp { AgentId = "deaf" }, TestContext.Current.CancellationToken);
        // Each is refused with a message of its own, until nothing more fits into the buffers on the way.
        var offers = new EventsUp();
        for (int i = 0; i < 1_000; i++)
            offers.Offers.Add(new EventOffer { RequestId = ByteString.CopyFrom(new byte[16]), FunctionName = "nobody" });
        Exception e = await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            for (int i = 0; i < 1_000; i++)
                await call.RequestStream.WriteAsync(offers, TestContext.Current.CancellationToken);
            while (await call.ResponseStream.MoveNext(TestContext.Current.CancellationToken))
            {
                // It would not have read.
            }
        });
        // A write meets the reset stream as an I/O error.
        Assert.True(e is RpcException or IOException, e.ToString());
        await using FakeEventAgent agent = await FakeEventAgent.ConnectAsync(server.Grpc);
        Assert.Equal(202, (await agent.OfferAsync(Guid.NewGuid())).Status);
    }

    [Fact]
    public async Task RefusalsSayWhy()
    {
        await using TestServer server = await StartAsync();
        await using FakeEventAgent agent = await FakeEventAgent.ConnectAsync(server.Grpc);
        (string Function, string Payload, int Status, string Type)[] cases =
        [
            ("nobody", "{}", 404, "ResourceNotFoundException"),
            ("a/b", "{}", 400, "ValidationException"),
            ("f", new string(' ', 1_048_577), 413, "RequestEntityTooLargeException"),
        ];
        foreach ((string function, string payload, int status, string type) in cases)
        {
            EventAnswer answer = await agent.OfferAsync(Guid.NewGuid(), function, payload);
            Assert.Equal((status, type), (answer.Status, answer.ErrorType));
        }
    }

    [Fact]
    public async Task AnAgentThatBreaksTheProtocolIsHungUpOn()
    {
        await using TestServer server = await StartAsync();
        using AsyncDuplexStreamingCall<EventsUp, EventsDown> call = new AgentLink.AgentLinkClient(server.Grpc).Events(cancellationToken: TestContext.Current.CancellationToken);
        await call.RequestStream.WriteAsync(new EventsUp { AgentId = new string('x', 65) }, TestContext.Current.CancellationToken);
        var e = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(TestContext.Current.CancellationToken));
        Assert.Equal(StatusCode.InvalidArgument, e.StatusCode);

        await using FakeEventAgent agent = await FakeEventAgent.ConnectAsync(server.Grpc);
        var message = new EventsUp();
        message.Offers.Add(new EventOffer { RequestId = ByteString.CopyFromUtf8("short"), FunctionName = "f" });
        using AsyncDuplexStreamingCall<EventsUp, EventsDown> other = new AgentLink.AgentLinkClient(server.Grpc).Events(cancellationToken: TestContext.Current.CancellationToken);
        await other.RequestStream.WriteAsync(new EventsUp { AgentId = "b" }, TestContext.Current.CancellationToken);
        await other.RequestStream.WriteAsync(message, TestContext.Current.CancellationToken);
        e = await Assert.ThrowsAsync<RpcException>(async () =>
        {
            while (await other.ResponseStream.MoveNext(TestContext.Current.CancellationToken))
            {
                // The first message greets.
            }
        });
        Assert.Equal(StatusCode.InvalidArgument, e.StatusCode);
        Assert.Equal(202, (await agent.OfferAsync(Guid.NewGuid())).Status);
    }

    [Fact]
    public async Task ManyOffersAtOnceEachGetTheirAnswer()
    {
        await using TestServer server = await StartAsync();
        await using FakeEventAgent agent = await FakeEventAgent.ConnectAsync(server.Grpc, run => new EventResult { EventId = run.EventId, Status = 200 });
        EventAnswer[] answers = await Task.WhenAll(Enumerable.Range(0, 2_000).Select(i => agent.OfferAsync(Guid.NewGuid(), payload: $"{i}")));
        Assert.All(answers, a => Assert.Equal(202, a.Status));
        await UntilAsync(server, q => q is { Received: 2_000, Succeeded: 2_000, Waiting: 0 });
    }

    [Fact]
    public async Task AnOperatorSeesEditsAndRedrivesDeadLetters()
    {
        await using TestServer server = await StartAsync();
        var events = new Events.EventsClient(server.Grpc);
        // The first try fails and so does every other: the retry delays of this server are none.
        bool fails = true;
        await using FakeEventAgent agent = await FakeEventAgent.ConnectAsync(server.Grpc, run => new EventResult
        {
            EventId = run.EventId,
            Status = 200,
            FunctionError = Volatile.Read(ref fails) ? "Unhandled" : "",
            Response = ByteString.CopyFromUtf8("""{"errorType":"E","errorMessage":"m\nn"}"""),
        });
        InvokeResponse sent = await new Hearth.Contracts.V1.Functions.FunctionsClient(server.Grpc).InvokeAsync(
            new InvokeRequest { FunctionName = "f", InvocationType = "Event", Payload = ByteString.CopyFromUtf8("[0]") }, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal((202, 0), (sent.StatusCode, sent.Payload.Length));
        await UntilAsync(server, q => q.DeadLetters == 1);

        ListDeadLettersResponse list = events.ListDeadLetters(new ListDeadLettersRequest { FunctionName = "f" }, cancellationToken: TestContext.Current.CancellationToken);
        DeadLetter letter = Assert.Single(list.DeadLetters);
        Assert.Equal((sent.RequestId, "RetriesExhausted", 3, "E", "m n", 3, 0), (letter.RequestId, letter.Condition, letter.Tries, letter.ErrorType, letter.ErrorMessage, (int)letter.PayloadBytes, letter.Payload.Length));
        letter = events.EditDeadLetter(new EditDeadLetterRequest { RequestId = sent.RequestId, Payload = ByteString.CopyFromUtf8("[12]") }, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal("[12]", letter.Payload.ToStringUtf8());
        Assert.Equal(StatusCode.InvalidArgument, Fails(() => events.EditDeadLetter(new EditDeadLetterRequest { RequestId = sent.RequestId, Payload = ByteString.CopyFromUtf8("[") })));
        Assert.Equal(StatusCode.InvalidArgument, Fails(() => events.RedriveDeadLetters(new DeadLetterSelection())));
        Assert.Equal(StatusCode.InvalidArgument, Fails(() => events.GetDeadLetter(new GetDeadLetterRequest { RequestId = "x" })));
        Assert.Equal(StatusCode.NotFound, Fails(() => events.GetDeadLetter(new GetDeadLetterRequest { RequestId = $"{Guid.NewGuid()}" })));

        Volatile.Write(ref fails, false);
        Assert.Equal(1, events.RedriveDeadLetters(new DeadLetterSelection { FunctionName = "f" }, cancellationToken: TestContext.Current.CancellationToken).Count);
        await UntilAsync(server, q => q is { DeadLetters: 0, Succeeded: 1, Waiting: 0 });
        Assert.Equal(0, events.RemoveDeadLetters(new DeadLetterSelection { All = true }, cancellationToken: TestContext.Current.CancellationToken).Count);
    }

    [Fact]
    public async Task AnEventByGrpcIsChecked()
    {
        await using TestServer server = await StartAsync();
        var functions = new Hearth.Contracts.V1.Functions.FunctionsClient(server.Grpc);
        (string Function, byte[] Payload, StatusCode Status)[] cases =
        [
            ("nobody", "{}"u8.ToArray(), StatusCode.NotFound),
            ("f", "{"u8.ToArray(), StatusCode.InvalidArgument),
            ("f", Encoding.UTF8.GetBytes(new string(' ', 1_048_575) + "{}"), StatusCode.ResourceExhausted),
        ];
        foreach ((string function, byte[] payload, StatusCode status) in cases)
            Assert.Equal(status, Fails(() => functions.Invoke(new InvokeRequest { FunctionName = function, InvocationType = "Event", Payload = ByteString.CopyFrom(payload) })));
    }

    private static StatusCode Fails(Action call) => Assert.Throws<RpcException>(call).StatusCode;

    private static async Task<TestServer> StartAsync()
    {
        TestServer server = await TestServer.StartAsync(change: o => o with { Queue = o.Queue with { RetryDelays = [TimeSpan.Zero] } });
        await new GrpcAdapter(server.Grpc).CreateAsync(new Settings(), Zips.Good());
        return server;
    }

    private static async Task UntilAsync(TestServer server, Func<QueueInfo, bool> holds)
    {
        var events = new Events.EventsClient(server.Grpc);
        QueueInfo? last = null;
        await Eventually.TrueAsync(
            async () =>
            {
                GetQueuesResponse queues = await events.GetQueuesAsync(new GetQueuesRequest { FunctionName = "f" }, cancellationToken: TestContext.Current.CancellationToken);
                return queues.Queues is [var queue] && holds(last = queue);
            },
            () => $"never so; the queue is {last}");
    }
}
