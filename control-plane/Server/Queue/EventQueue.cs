using Hearth.Contracts;
using Hearth.ControlPlane.Functions;
using Hearth.ControlPlane.Store;

namespace Hearth.ControlPlane.Queue;

/// <summary>
/// Asynchronous invocations from their acceptance to their end. What was accepted is on the disk until it has succeeded, or lies in a dead letter or in a
/// destination's event: each of those steps is one transaction. What is under way is still stored as waiting, so that a crash begins it again, with the same
/// request id: at least once, as Lambda promises. One gate guards everything in memory; nothing that blocks is done under it.
/// </summary>
public sealed partial class EventQueue : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly EventStore _store;
    private readonly FunctionStore _functions;
    private readonly FunctionAddress _address;
    private readonly IEventPolicies _policies;
    private readonly QueueSettings _settings;
    private readonly TimeProvider _time;
    private readonly ILogger<EventQueue> _log;
    private readonly Dictionary<string, FunctionQueue> _queues = new(StringComparer.Ordinal);
    private readonly Backlog _backlog = new();
    private long _lastSequence;
    private long _total;
    private long _totalBytes;
    private long _cachedBytes;

    public EventQueue(
        string path, FunctionStore functions, FunctionAddress address, IEventPolicies policies, QueueSettings settings, TimeProvider time, ILogger<EventQueue> log)
    {
        (_functions, _address, _policies, _settings, _time, _log) = (functions, address, policies, settings, time, log);
        _store = new EventStore(path, log);
        try
        {
            _store.Read(connection =>
            {
                Load(connection);
                return 0;
            });
        }
        catch
        {
            _store.Dispose();
            throw;
        }

        functions.Changed += OnFunctionChanged;
    }

    private long Now => _time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Monotonic milliseconds.</summary>
    private long Clock => (long)_time.GetElapsedTime(0).TotalMilliseconds;

    /// <summary>Waits while more is on its way to the disk than memory should hold.</summary>
    public Task RoomAsync() => _store.RoomAsync();

    /// <summary>Takes an event in.</summary>
    /// <param name="answered">Called once, on the store's thread: with null when the event is on the disk. Not called when this refuses.</param>
    /// <returns>Null, or why it is refused at once.</returns>
    public LambdaError? Offer(NewEvent given, Action<LambdaError?> answered)
    {
        lock (_gate)
        {
            if (Refusal(given) is { } refusal)
                return refusal;
            QueuedEvent e = Enter(given);
            // Under the gate: operations reach the store in the order of their sequences, so that a deletion of the function finds all before it.
            _store.Submit(new StoreOperation(statements => statements.Insert(e, given.Function, given.Body), error => Stored(e, given.Body, error, answered), Bytes: given.Body.Footprint));
            return null;
        }
    }

    /// <summary>As <see cref="Offer"/>, for one that waits.</summary>
    /// <exception cref="LambdaException">It is refused, or could not be stored.</exception>
    public async Task AcceptAsync(NewEvent given)
    {
        await RoomAsync();
        var stored = new TaskCompletionSource<LambdaError?>(TaskCreationOptions.RunContinuationsAsynchronously);
        if ((Offer(given, stored.SetResult) ?? await stored.Task) is { } error)
            throw new LambdaException(error);
    }

    public async ValueTask DisposeAsync()
    {
        _functions.Changed -= OnFunctionChanged;
        await _stop.CancelAsync();
        _wake.Release();
        await _running;
        _store.Dispose();
        _stop.Dispose();
        _wake.Dispose();
    }

    private LambdaError? Refusal(NewEvent given) => _functions.Current.ContainsKey(given.Function)
        ? Full(QueueOf(given.Function), given.Body.Payload.Length)
        : LambdaError.FunctionNotFound(_address.Arn(given.Function, given.Qualifier));

    /// <summary>It has its place from here on, whatever comes of it.</summary>
    private QueuedEvent Enter(NewEvent given)
    {
        FunctionQueue queue = QueueOf(given.Function);
        long now = Now;
        Reserve(queue, given.Body.Payload.Length);
        return new QueuedEvent
        {
            Sequence = ++_lastSequence,
            RequestId = given.RequestId,
            Function = queue,
            Qualifier = given.Qualifier,
            AcceptedUnixMs = now,
            DueUnixMs = now,
            Bytes = given.Body.Payload.Length,
            Hops = given.Hops,
        };
    }

    private void Stored(QueuedEvent e, EventBody body, Exception? error, Action<LambdaError?> answered)
    {
        lock (_gate)
        {
            if (error is null)
                Keep(e, body);
            else
                Release(e);
        }

        answered(error is null ? null : NotStored(error));
        Wake();
    }

    /// <summary>It is on the disk: its turn comes.</summary>
    private void Keep(QueuedEvent e, EventBody body)
    {
        FunctionQueue queue = e.Function;
        if (queue.IsDropped)
            return;
        queue.Counters = queue.Counters with { Received = queue.Counters.Received + 1 };
        if (_cachedBytes + body.Footprint <= _settings.MaxCachedBytes)
        {
            (e.Body, e.CachedBytes) = (body, body.Footprint);
            _cachedBytes += e.CachedBytes;
        }

        _backlog.Add(e, Now);
    }

    private LambdaError? Full(FunctionQueue queue, int size)
    {
        if (queue.Events + queue.DeadLetters >= _settings.MaxEventsPerFunction || queue.Bytes + size > _settings.MaxBytesPerFunction)
        {
            return LambdaError.TooManyRequests("QueueFull",
                $"The queue of function {queue.Name} is full ({queue.Events} events and {queue.DeadLetters} dead letters, {queue.Bytes >> 20} MiB): wait until it is worked off, or see 'hearth dead-letters ls {queue.Name}'.");
        }

        return _total >= _settings.MaxEvents || _totalBytes + size > _settings.MaxBytes
            ? LambdaError.TooManyRequests("QueueFull", $"The event queue is full ({_total} events and dead letters, {_totalBytes >> 20} MiB): wait until it is worked off; 'hearth queue' shows whose they are.")
            : null;
    }

    private FunctionQueue QueueOf(string function)
    {
        if (!_queues.TryGetValue(function, out FunctionQueue? queue))
            _queues[function] = queue = new FunctionQueue(function, _settings.MaxInFlight);
        return queue;
    }

    private void Reserve(FunctionQueue queue, int bytes)
    {
        queue.Events++;
        queue.Bytes += bytes;
        _total++;
        _totalBytes += bytes;
    }

    /// <summary>It is not stored any more.</summary>
    private void Release(QueuedEvent e)
    {
        if (e.Function.IsDropped)
            return;
        e.Function.Events--;
        e.Function.Bytes -= e.Bytes;
        _total--;
        _totalBytes -= e.Bytes;
    }

    private void Uncache(QueuedEvent e)
    {
        e.Body = null;
        _cachedBytes -= e.CachedBytes;
        e.CachedBytes = 0;
    }

    /// <summary>A deleted function's events go with it, as Lambda drops them; its dead letters stay, for a function of that name that may come again.</summary>
    private void OnFunctionChanged(string name, ulong change)
    {
        if (_functions.Current.ContainsKey(name))
            return;
        lock (_gate)
        {
            if (_queues.TryGetValue(name, out FunctionQueue? queue))
                Drop(queue);
        }
    }

    private void Drop(FunctionQueue queue)
    {
        long upTo = _lastSequence;
        if (queue.Events > 0)
            _store.Submit(new StoreOperation(statements => statements.Drop(queue.Name, upTo), MustHappen: true));
        foreach (QueuedEvent e in queue.Ready)
            Uncache(e);
        queue.Ready.Clear();
        var next = new FunctionQueue(queue.Name, _settings.MaxInFlight) { DeadLetters = queue.DeadLetters, Counters = queue.Counters };
        next.Counters = next.Counters with { Dropped = next.Counters.Dropped + queue.Events };
        next.Bytes = queue.DeadBytes;
        next.DeadBytes = queue.DeadBytes;
        _total -= queue.Events;
        _totalBytes -= queue.Bytes - queue.DeadBytes;
        if (queue.Events > 0)
            _log.LogInformation("function {Function} is deleted: its {Count} waiting events are dropped", queue.Name, queue.Events);
        queue.IsDropped = true;
        _queues[queue.Name] = next;
    }

    private void Load(Microsoft.Data.Sqlite.SqliteConnection connection)
    {
        _lastSequence = EventRows.LastSequence(connection);
        var texts = new Dictionary<string, string>(StringComparer.Ordinal);
        long now = Now;
        foreach (EventRows.Row row in EventRows.Events(connection))
        {
            FunctionQueue queue = QueueOf(row.Function);
            Reserve(queue, row.Bytes);
            _backlog.Add(new QueuedEvent
            {
                Sequence = row.Sequence,
                RequestId = row.RequestId,
                Function = queue,
                Qualifier = row.Qualifier is null ? null : Interned(texts, row.Qualifier),
                AcceptedUnixMs = row.AcceptedUnixMs,
                Bytes = row.Bytes,
                Hops = row.Hops,
                DueUnixMs = row.DueUnixMs,
                Tries = row.Tries,
                Refusals = row.Refusals,
            }, now);
        }

        foreach ((string function, int count, long bytes) in EventRows.DeadCounts(connection))
            CountDead(QueueOf(function), count, bytes);
        // Deleted while its events could not be dropped any more.
        foreach (FunctionQueue queue in _queues.Values.Where(q => q.Events > 0 && !_functions.Current.ContainsKey(q.Name)).ToList())
            Drop(queue);
        if (_total > 0)
            _log.LogInformation("{Count} events and dead letters are stored", _total);
    }

    private static string Interned(Dictionary<string, string> texts, string text) => texts.TryGetValue(text, out string? known) ? known : texts[text] = text;

    private void CountDead(FunctionQueue queue, int count, long bytes)
    {
        queue.DeadLetters += count;
        queue.DeadBytes += bytes;
        queue.Bytes += bytes;
        _total += count;
        _totalBytes += bytes;
    }

    private static LambdaError NotStored(Exception error) =>
        LambdaError.Service($"The event could not be stored and was not accepted: {error.Message}. Look at the disk that holds the data directory, then try again.", 503);
}
