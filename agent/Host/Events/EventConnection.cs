using System.Threading.Channels;
using Grpc.Core;
using Hearth.Contracts;
using Hearth.Contracts.V1;

namespace Hearth.Agent.Events;

/// <summary>One life of the stream. What is to be said is gathered while the stream is busy, and goes out in one message: many clients, one write.</summary>
internal sealed class EventConnection(EventRunner runner)
{
    /// <summary>Of one message; one item may go beyond it by its own size.</summary>
    private const int BatchBytes = 1 << 20;

    private const int BatchItems = 512;

    private readonly Lock _gate = new();
    private readonly Channel<bool> _signal = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly Queue<EventOffer> _offers = new();
    private readonly Queue<EventResult> _results = new();
    private readonly Dictionary<ulong, TaskCompletionSource<LambdaError?>> _unanswered = [];
    private ulong _lastOffer;
    private bool _writing;
    private bool _closed;

    public bool IsIdle
    {
        get
        {
            lock (_gate)
                return !_writing && _offers.Count + _results.Count == 0;
        }
    }

    public Task<LambdaError?> OfferAsync(EventOffer offer)
    {
        var answer = new TaskCompletionSource<LambdaError?>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            if (_closed)
                return Task.FromResult<LambdaError?>(Gone());
            offer.OfferId = ++_lastOffer;
            _unanswered[offer.OfferId] = answer;
            _offers.Enqueue(offer);
        }
        _signal.Writer.TryWrite(true);
        return answer.Task;
    }

    public void Report(EventResult result)
    {
        lock (_gate)
        {
            if (!_closed)
                _results.Enqueue(result);
        }
        _signal.Writer.TryWrite(true);
    }

    public async Task ReadAsync(IAsyncStreamReader<EventsDown> incoming, CancellationToken cancellationToken)
    {
        while (await incoming.MoveNext(cancellationToken))
        {
            foreach (var answer in incoming.Current.Answers)
                Answered(answer);
            foreach (var settled in incoming.Current.Settled)
                runner.Settled(settled);
            foreach (var run in incoming.Current.Runs)
                runner.Run(run, this);
        }
    }

    public async Task WriteAsync(IClientStreamWriter<EventsUp> outgoing, CancellationToken cancellationToken)
    {
        while (true)
        {
            await _signal.Reader.ReadAsync(cancellationToken);
            while (Take() is { } message)
                await outgoing.WriteAsync(message, cancellationToken);
        }
    }

    /// <summary>Whoever still waits for an answer will not get one.</summary>
    public void Close()
    {
        TaskCompletionSource<LambdaError?>[] waiting;
        lock (_gate)
        {
            _closed = true;
            waiting = [.. _unanswered.Values];
            _unanswered.Clear();
            _offers.Clear();
            _results.Clear();
        }
        foreach (var answer in waiting)
            answer.TrySetResult(Gone());
    }

    private static LambdaError Gone() => LambdaError.Service(
        "The control plane went away before it said that the event is stored. It was not accepted, though it may run all the same: try again.", 503);

    private void Answered(EventAnswer answer)
    {
        TaskCompletionSource<LambdaError?>? waiting;
        lock (_gate)
            _unanswered.Remove(answer.OfferId, out waiting);
        waiting?.TrySetResult(answer.Status == 202 ? null : Error(answer));
    }

    private static LambdaError Error(EventAnswer answer) => new(
        answer.Status is >= 400 and < 600 ? answer.Status : 500, answer.ErrorType.Length > 0 && answer.ErrorType.All(char.IsAsciiLetter) ? answer.ErrorType : "ServiceException", answer.Message,
        answer.ErrorType is "ResourceNotFoundException" or "ServiceException" ? LambdaErrorBody.TypeAndUpperCaseMessage : LambdaErrorBody.TypeAndLowerCaseMessage,
        answer.Reason.Length > 0 ? answer.Reason : null);

    private EventsUp? Take()
    {
        lock (_gate)
        {
            _writing = _offers.Count + _results.Count > 0;
            if (!_writing)
                return null;
            var message = new EventsUp();
            var bytes = 0;
            while (bytes < BatchBytes && message.Results.Count < BatchItems && _results.TryDequeue(out var result))
            {
                message.Results.Add(result);
                bytes += result.Response.Length;
            }
            while (bytes < BatchBytes && message.Offers.Count < BatchItems && _offers.TryDequeue(out var offer))
            {
                message.Offers.Add(offer);
                bytes += offer.Payload.Length;
            }
            return message;
        }
    }
}
