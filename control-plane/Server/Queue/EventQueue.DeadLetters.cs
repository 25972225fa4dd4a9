using Hearth.Contracts;

namespace Hearth.ControlPlane.Queue;

// What an operator asks and does.
public sealed partial class EventQueue
{
    private const int RedriveAtOnce = 1_000;

    /// <summary>One function's part of the queue.</summary>
    /// <param name="OldestUnixMs">Acceptance of the oldest event that waits or is under way; 0 = none.</param>
    /// <param name="Concurrency">How many may be under way at once, just now.</param>
    public sealed record Depth(string Function, int Waiting, int InFlight, long OldestUnixMs, long Bytes, int DeadLetters, QueueCounters Counters, int Concurrency);

    /// <summary>Functions that have, or had since the start, anything in the queue.</summary>
    public List<Depth> Describe(string? function)
    {
        lock (_gate)
        {
            var oldest = new Dictionary<FunctionQueue, long>();
            foreach (QueuedEvent e in _backlog.Later.Concat(_runners.SelectMany(r => r.InFlight.Values)))
                oldest[e.Function] = oldest.TryGetValue(e.Function, out long known) ? Math.Min(known, e.AcceptedUnixMs) : e.AcceptedUnixMs;
            return [.. _queues.Values.Where(q => function is null || q.Name == function).OrderBy(q => q.Name, StringComparer.Ordinal).Select(q => new Depth(
                q.Name, q.Events - q.InFlight, q.InFlight, Older(oldest.GetValueOrDefault(q), Backlog.OldestReady(q)), q.Bytes, q.DeadLetters, q.Counters, q.Window.Limit))];
        }
    }

    /// <param name="after">Sequence of the last one that was seen.</param>
    public List<DeadLetter> DeadLetters(string? function, long after, int count) => _store.Read(c => EventRows.DeadLetters(c, function, after, count));

    /// <exception cref="LambdaException">There is none.</exception>
    public DeadLetter DeadLetter(Guid requestId) => _store.Read(c => EventRows.DeadLetters(c, requestId)) is [var first, ..] ? first : throw NoDeadLetter(requestId);

    /// <param name="payload">Checked.</param>
    /// <exception cref="LambdaException">There is none, or the queue has no room for it.</exception>
    public async Task<DeadLetter> EditAsync(Guid requestId, byte[] payload)
    {
        DeadLetter letter = DeadLetter(requestId);
        bool there = false;
        await WriteAsync(s => there = s.Edit(letter.Sequence, payload));
        if (!there)
            throw NoDeadLetter(requestId);
        lock (_gate)
            CountDead(QueueOf(letter.Function), 0, payload.Length - letter.PayloadBytes);
        return DeadLetter(requestId);
    }

    /// <summary>Back into the queue, each under its own request id and as new as if it had just been sent.</summary>
    /// <param name="letters">Of functions that exist.</param>
    /// <exception cref="LambdaException">A function is gone; those before it are on their way.</exception>
    public async Task<int> RedriveAsync(IEnumerable<DeadLetter> letters)
    {
        int count = 0;
        foreach (DeadLetter[] chunk in letters.Chunk(RedriveAtOnce))
        {
            if (Array.Find(chunk, l => !_functions.Current.ContainsKey(l.Function)) is { } orphan)
                throw new LambdaException(LambdaError.FunctionNotFound(_address.Arn(orphan.Function, orphan.Qualifier)));
            count += await RedriveChunkAsync(chunk);
        }

        return count;
    }

    public async Task<int> RemoveAsync(IEnumerable<DeadLetter> letters)
    {
        int count = 0;
        foreach (DeadLetter[] chunk in letters.Chunk(RedriveAtOnce))
        {
            var removed = new List<DeadLetter>();
            await WriteAsync(s =>
            {
                removed.Clear();
                removed.AddRange(chunk.Where(l => s.Remove(l.Sequence)));
            });
            lock (_gate)
            {
                foreach (DeadLetter letter in removed)
                    CountDead(QueueOf(letter.Function), -1, -letter.PayloadBytes);
            }

            count += removed.Count;
        }

        return count;
    }

    private async Task<int> RedriveChunkAsync(DeadLetter[] chunk)
    {
        var moved = new List<(DeadLetter Letter, QueuedEvent Event)>();
        var stored = new TaskCompletionSource<Exception?>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            long now = Now;
            List<(DeadLetter Letter, QueuedEvent Event)> wanted = [.. chunk.Select(l => (l, new QueuedEvent
            {
                Sequence = ++_lastSequence,
                RequestId = l.RequestId,
                Function = QueueOf(l.Function),
                Qualifier = l.Qualifier,
                AcceptedUnixMs = now,
                Bytes = l.PayloadBytes,
                DueUnixMs = now,
            }))];
            _store.Submit(new StoreOperation(
                s =>
                {
                    moved.Clear();
                    moved.AddRange(wanted.Where(pair => s.Redrive(pair.Letter.Sequence, pair.Event)));
                },
                error =>
                {
                    if (error is null)
                        Redriven(moved);
                    stored.SetResult(error);
                }));
        }

        if (await stored.Task is { } failure)
            throw new LambdaException(NotStored(failure));
        Wake();
        return moved.Count;
    }

    private void Redriven(List<(DeadLetter Letter, QueuedEvent Event)> moved)
    {
        lock (_gate)
        {
            foreach ((DeadLetter letter, QueuedEvent e) in moved)
            {
                CountDead(QueueOf(letter.Function), -1, -letter.PayloadBytes);
                if (e.Function.IsDropped)
                    continue;
                Reserve(e.Function, e.Bytes);
                _backlog.Add(e, Now);
            }
        }
    }

    /// <returns>There may be more.</returns>
    private bool RemoveOldDeadLetters()
    {
        long before = (_time.GetUtcNow() - _settings.DeadLetterAge).ToUnixTimeMilliseconds();
        List<DeadLetter> old = _store.Read(c => EventRows.DeadLetters(c, null, 0, RedriveAtOnce, before));
        if (old.Count == 0)
            return false;
        _log.LogInformation("{Count} dead letters are older than {Days} days and are removed", old.Count, _settings.DeadLetterAge.TotalDays);
        _ = RemoveAsync(old).ContinueWith(
            t => _log.LogError("old dead letters could not be removed: {Cause}", t.Exception!.InnerException!.Message), CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        return old.Count == RedriveAtOnce;
    }

    private async Task WriteAsync(Action<EventStatements> execute)
    {
        var stored = new TaskCompletionSource<Exception?>(TaskCreationOptions.RunContinuationsAsynchronously);
        _store.Submit(new StoreOperation(execute, stored.SetResult));
        if (await stored.Task is { } failure)
            throw new LambdaException(NotStored(failure));
    }

    private static long Older(long a, long b) => a == 0 ? b : b == 0 ? a : Math.Min(a, b);

    private static LambdaException NoDeadLetter(Guid requestId) =>
        new(LambdaError.ResourceNotFound($"There is no dead letter with request id {requestId}: it may have been redriven or removed; 'hearth dead-letters ls' lists them."));
}
