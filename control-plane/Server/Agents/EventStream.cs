using System.Threading.Channels;
using Google.Protobuf;
using Grpc.Core;
using Hearth.Contracts;
using Hearth.Contracts.V1;
using Hearth.ControlPlane.Queue;

namespace Hearth.ControlPlane.Agents;

/// <summary>One agent's stream of asynchronous invocations. What is to be said is gathered while the stream is busy, and goes out in one message.</summary>
public sealed class EventStream(EventQueue queue, string agentId) : IEventRunner
{
    /// <summary>Of one message; one item may go beyond it by its own size.</summary>
    private const int BatchBytes = 1 << 20;

    private const int BatchItems = 512;

    /// <summary>Answers that an agent does not read; one that has more open than that does not speak this protocol.</summary>
    private const int MaxUnread = 20_000;

    private readonly Lock _lock = new();
    private readonly Channel<bool> _signal = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly TaskCompletionSource<string> _end = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Queue<EventAnswer> _answers = new();
    private readonly Queue<EventRun> _runs = new();
    private readonly Queue<ulong> _settled = new();

    /// <summary>Until the agent, the queue or the server ends it; the events it had are then given back.</summary>
    public async Task ServeAsync(IAsyncStreamReader<EventsUp> incoming, IServerStreamWriter<EventsDown> outgoing, CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        queue.Attach(this, agentId);
        string reason = "it hung up";
        Task reading = ReadAsync(incoming, ending.Token);
        Task writing = WriteAsync(outgoing, ending.Token);
        try
        {
            Task first = await Task.WhenAny(reading, writing, _end.Task);
            reason = first == _end.Task ? await _end.Task : first.Exception?.InnerException?.Message ?? reason;
        }
        finally
        {
            await ending.CancelAsync();
            await Task.WhenAll(reading, writing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            // Last: what has been read until here is still taken.
            queue.Detach(this, reason);
        }

        if (reading.Exception?.InnerException is RpcException fault)
            throw fault;
        if (_end.Task.IsCompleted)
            throw new RpcException(new Status(StatusCode.Aborted, reason));
    }

    public void End(string why) => _end.TrySetResult(why);

    public void Settled(long sequence)
    {
        lock (_lock)
            _settled.Enqueue((ulong)sequence);
        Said();
    }

    public void Run(QueuedEvent e, string function, EventBody body, bool wantsResponse)
    {
        var run = new EventRun
        {
            EventId = (ulong)e.Sequence,
            RequestId = UnsafeByteOperations.UnsafeWrap(e.RequestId.ToByteArray(bigEndian: true)),
            FunctionName = function,
            Qualifier = e.Qualifier ?? "",
            Payload = UnsafeByteOperations.UnsafeWrap(body.Payload),
            TraceId = body.TraceId,
            ContentType = body.ContentType,
            WantsResponse = wantsResponse,
            Tries = e.Tries,
        };
        lock (_lock)
            _runs.Enqueue(run);
        Said();
    }

    private async Task ReadAsync(IAsyncStreamReader<EventsUp> incoming, CancellationToken cancellationToken)
    {
        while (await incoming.MoveNext(cancellationToken))
        {
            foreach (EventResult result in incoming.Current.Results)
            {
                queue.Completed(this, unchecked((long)result.EventId), new RunOutcome(
                    result.Status, result.FunctionError, result.ExecutedVersion, result.Response.Memory, result.ErrorType, result.Message, result.Reason));
            }

            foreach (EventOffer offer in incoming.Current.Offers)
            {
                await queue.RoomAsync().WaitAsync(cancellationToken);
                Offer(offer);
            }
        }
    }

    private void Offer(EventOffer offer)
    {
        if (offer.RequestId.Length != 16 || offer.TraceId.Length > EventLimits.MaxTraceIdLength || offer.ContentType.Length > EventLimits.MaxContentTypeLength)
            throw new RpcException(new Status(StatusCode.InvalidArgument, "an offer needs a request id of 16 bytes, and trace id and content type within their limits"));
        LambdaError? refusal = offer.Payload.Length > EventLimits.MaxPayloadBytes
            ? LambdaError.EventTooLarge(offer.Payload.Length)
            : FunctionName.TryParse(offer.FunctionName, offer.Qualifier.Length == 0 ? null : offer.Qualifier, out FunctionName name) ?? queue.Offer(
                new NewEvent(
                    new Guid(offer.RequestId.Span, bigEndian: true), name.Name, name.Qualifier, new EventBody(offer.Payload.ToByteArray(), offer.TraceId, offer.ContentType)),
                error => Answer(offer.OfferId, error));
        if (refusal is not null)
            Answer(offer.OfferId, refusal);
    }

    private void Answer(ulong offer, LambdaError? error)
    {
        EventAnswer answer = error is null
            ? new EventAnswer { OfferId = offer, Status = 202 }
            : new EventAnswer { OfferId = offer, Status = error.Status, ErrorType = error.Code, Message = error.Message, Reason = error.Reason ?? "" };
        lock (_lock)
            _answers.Enqueue(answer);
        Said();
    }

    // What is under way is bounded by the queue: what is run needs no bound here.
    private void Said()
    {
        if (_answers.Count + _settled.Count > MaxUnread)
            End($"it does not read: {MaxUnread} answers wait");
        _signal.Writer.TryWrite(true);
    }

    private async Task WriteAsync(IServerStreamWriter<EventsDown> outgoing, CancellationToken cancellationToken)
    {
        while (true)
        {
            await _signal.Reader.ReadAsync(cancellationToken);
            while (Take() is { } message)
                await outgoing.WriteAsync(message, cancellationToken);
        }
    }

    private EventsDown? Take()
    {
        lock (_lock)
        {
            if (_answers.Count + _runs.Count + _settled.Count == 0)
                return null;
            var message = new EventsDown();
            while (message.Settled.Count < BatchItems && _settled.TryDequeue(out ulong settled))
                message.Settled.Add(settled);
            while (message.Answers.Count < BatchItems && _answers.TryDequeue(out EventAnswer? answer))
                message.Answers.Add(answer);
            for (int bytes = 0; bytes < BatchBytes && message.Runs.Count < BatchItems && _runs.TryDequeue(out EventRun? run); bytes += run.Payload.Length)
                message.Runs.Add(run);
            return message;
        }
    }
}
