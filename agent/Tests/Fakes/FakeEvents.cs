using System.Collections.Concurrent;
using System.Threading.Channels;
using Google.Protobuf;
using Grpc.Core;
using Hearth.Contracts.V1;

namespace Hearth.Agent.Tests.Fakes;

/// <summary>The control plane's end of the stream of events: it answers offers, hands out what the test gives, and hangs up when told.</summary>
internal sealed class FakeEvents
{
    private readonly ConcurrentDictionary<Channel<EventsDown>, CancellationTokenSource> _streams = new();
    private long _lastEvent;
    private int _count;

    /// <summary>What is said of an offer; null = nothing.</summary>
    public Func<EventOffer, EventAnswer?> Answer { get; set; } = static offer => new EventAnswer { OfferId = offer.OfferId, Status = 202 };

    /// <summary>Says of each result that it is on the disk.</summary>
    public bool Settles { get; set; } = true;

    public ConcurrentQueue<EventOffer> Offers { get; } = new();

    public ConcurrentQueue<EventResult> Results { get; } = new();

    /// <summary>Streams so far.</summary>
    public int Count => Volatile.Read(ref _count);

    public bool IsConnected => !_streams.IsEmpty;

    /// <summary>An event of function f that nobody has been given yet.</summary>
    public EventRun NewRun(string function = "f", string payload = "{}") => new()
    {
        EventId = (ulong)Interlocked.Increment(ref _lastEvent),
        RequestId = ByteString.CopyFrom(Guid.NewGuid().ToByteArray(bigEndian: true)),
        FunctionName = function,
        Payload = ByteString.CopyFromUtf8(payload),
        WantsResponse = true,
    };

    public void Send(params EventRun[] runs) => Send(new EventsDown { Runs = { runs } });

    public void Send(EventsDown message)
    {
        foreach (var stream in _streams.Keys)
            stream.Writer.TryWrite(message);
    }

    /// <summary>The results of one event, once there are so many.</summary>
    public async Task<List<EventResult>> ResultsAsync(ulong eventId, int count = 1)
    {
        await Eventually.True(() => Results.Count(r => r.EventId == eventId) >= count);
        return [.. Results.Where(r => r.EventId == eventId)];
    }

    /// <summary>Ends the stream; returns when the agent has dialled another.</summary>
    public async Task HangUpAndWaitAsync()
    {
        var before = Count;
        HangUp();
        await Eventually.True(() => Count > before && IsConnected);
    }

    public void HangUp()
    {
        foreach (var (stream, ending) in _streams)
        {
            if (!_streams.TryRemove(stream, out _))
                continue;
            try
            {
                ending.Cancel();
            }
            catch (ObjectDisposedException)
            {
                // It ended by itself meanwhile.
            }
        }
    }

    public async Task ServeAsync(IAsyncStreamReader<EventsUp> incoming, IServerStreamWriter<EventsDown> outgoing, CancellationToken cancellationToken)
    {
        var output = Channel.CreateUnbounded<EventsDown>();
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            await incoming.MoveNext(ending.Token);
            await outgoing.WriteAsync(new EventsDown(), ending.Token);
            Interlocked.Increment(ref _count);
            _streams[output] = ending;
            var writing = WriteAsync(output, outgoing, ending.Token);
            while (await incoming.MoveNext(ending.Token))
                Take(incoming.Current, output);
            await writing;
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or InvalidOperationException)
        {
            throw new RpcException(new Status(StatusCode.Aborted, "the test hung up"));
        }
        finally
        {
            _streams.TryRemove(output, out _);
        }
    }

    private void Take(EventsUp message, Channel<EventsDown> output)
    {
        var down = new EventsDown();
        foreach (var result in message.Results)
        {
            Results.Enqueue(result);
            if (Settles)
                down.Settled.Add(result.EventId);
        }
        foreach (var offer in message.Offers)
        {
            Offers.Enqueue(offer);
            if (Answer(offer) is { } answer)
                down.Answers.Add(answer);
        }
        output.Writer.TryWrite(down);
    }

    private static async Task WriteAsync(Channel<EventsDown> output, IServerStreamWriter<EventsDown> stream, CancellationToken cancellationToken)
    {
        await foreach (var message in output.Reader.ReadAllAsync(cancellationToken))
            await stream.WriteAsync(message, cancellationToken);
    }
}
