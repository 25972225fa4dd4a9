using Hearth.Adapter.Api;

namespace Hearth.Adapter.Telemetry;

/// <summary>
/// The events of one subscriber on their way to it: gathered up to its limits, sent as one batch at a time, tried again a few times. What a subscriber does not
/// take is dropped and counted, and the count is told with the next batch.
/// </summary>
internal sealed class Subscription(Reactor reactor, Extension owner, SubscriptionRequest request, Func<long, int, byte[]> dropped)
{
    private const int Tries = 4;
    private const int BackOffMs = 100;

    /// <summary>Of all that waits, in units of the subscriber's own buffer.</summary>
    private const int MostBuffers = 4;

    private readonly Queue<byte[]> _waiting = new();
    private long _waitingBytes;
    private Timed? _flush;
    private List<byte[]>? _batch;
    private long _droppedBytes;
    private int _droppedRecords;

    public Extension Owner => owner;

    public SubscriptionRequest Request => request;

    public void Add(byte[] item)
    {
        if (_waitingBytes + item.Length > (long)MostBuffers * request.MaxBytes || _waiting.Count >= MostBuffers * request.MaxItems)
        {
            _droppedBytes += item.Length;
            _droppedRecords++;
            return;
        }
        _waiting.Enqueue(item);
        _waitingBytes += item.Length;
        if (_waiting.Count >= request.MaxItems || _waitingBytes >= request.MaxBytes)
            Flush();
        else
            _flush ??= reactor.After(request.TimeoutMs, Flush);
    }

    /// <summary>Sends what waits now, unless a batch is under way: that one is followed by the next.</summary>
    public void Flush()
    {
        _flush?.Cancel();
        _flush = null;
        if (_batch is not null || (_waiting.Count == 0 && _droppedRecords == 0))
            return;
        _batch = [];
        if (_droppedRecords > 0)
        {
            _batch.Add(dropped(_droppedBytes, _droppedRecords));
            (_droppedBytes, _droppedRecords) = (0, 0);
        }
        for (long bytes = 0; _waiting.TryPeek(out var item) && _batch.Count < request.MaxItems && (_batch.Count == 0 || bytes + item.Length <= request.MaxBytes); bytes += item.Length)
        {
            _batch.Add(_waiting.Dequeue());
            _waitingBytes -= item.Length;
        }
        Send(1);
    }

    private void Send(int attempt) => Delivery.Start(reactor, request, _batch!, delivered =>
    {
        if (!delivered && attempt < Tries)
        {
            reactor.After(BackOffMs << attempt, () => Send(attempt + 1));
            return;
        }
        if (!delivered)
        {
            _droppedBytes += _batch!.Sum(static b => (long)b.Length);
            _droppedRecords += _batch!.Count;
        }
        _batch = null;
        if (_waiting.Count >= request.MaxItems || _waitingBytes >= request.MaxBytes)
            Flush();
        else if (_waiting.Count > 0)
            _flush ??= reactor.After(request.TimeoutMs, Flush);
    });
}
