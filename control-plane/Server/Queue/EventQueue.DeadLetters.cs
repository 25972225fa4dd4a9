using Hearth.Contracts;
using Microsoft.Data.Sqlite;

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
        int? growth = null;
        await WriteAsync(s => growth = s.Edit(letter.Sequence, payload), () => CountDead(QueueOf(letter.Function), 0, growth ?? 0));
        return growth is null ? throw NoDeadLetter(requestId) : DeadLetter(requestId);
    }

    /// <summary>Back into the queue, each under its own request id and as new as if it had just been sent.</summary>
    /// <param name="letters">Of functions that exist.</param>
    /// <exception cref="LambdaException">A function is gone; those before it are on their way.</exception>
    public async Task<int> RedriveAsync(IEnumerable<DeadLetter> letters)
    {
        int count = 0;
        foreach (DeadLetter[] chunk in letters.Chunk(RedriveAtOnce))
            count += await RedriveChunkAsync(chunk);

        return count;
    }

    public async Task<int> RemoveAsync(IEnumerable<DeadLetter> letters)
    {
        int count = 0;
        foreach (DeadLetter[] chunk in letters.Chunk(RedriveAtOnce))
        {
            var removed = new List<(string Function, int Bytes)>();
            await WriteAsync(
                s =>
                {
                    removed.Clear();
                    foreach (DeadLetter letter in chunk)
                    {
                        if (s.Remove(letter.Sequence) is { } bytes)
                            removed.Add((letter.Function, bytes));
                    }
                },
                () => removed.ForEach(r => CountDead(QueueOf(r.Function), -1, -r.Bytes)));
            count += removed.Count;
        }

        return count;
    }

    private async Task<int> RedriveChunkAsync(DeadLetter[] chunk)
    {
        List<(DeadLetter Letter, long Sequence, FunctionQueue Queue)> wanted = [];
        var moved = new List<(QueuedEvent Event, FunctionQueue Queue)>();
        Task stored;
        lock (_gate)
        {
            if (Array.Find(chunk, l => !_functions.Current.ContainsKey(l.Function)) is { } orphan)
                throw new LambdaException(LambdaError.FunctionNotFound(_address.Arn(orphan.Function, orphan.Qualifier)));
            long now = Now;
            wanted.AddRange(chunk.Select(l => (l, ++_lastSequence, QueueOf(l.Function))));
            stored = WriteAsync(
                s =>
                {
                    moved.Clear();
                    foreach ((DeadLetter letter, long sequence, FunctionQueue queue) in wanted)
                    {
                        if (s.Redrive(letter.Sequence, sequence, now) is { } bytes)
                            moved.Add((Again(letter, sequence, queue, bytes, now), queue));
                    }
                },
                () => Redriven(moved));
        }

        await stored;
        Wake();
        return moved.Count;
    }

    private static QueuedEvent Again(DeadLetter letter, long sequence, FunctionQueue queue, int bytes, long now) => new()
    {
        Sequence = sequence,
        RequestId = letter.RequestId,
        Function = queue,
        Qualifier = letter.Qualifier,
        AcceptedUnixMs = now,
        Bytes = bytes,
        DueUnixMs = now,
    };

    private void Redriven(List<(QueuedEvent Event, FunctionQueue Queue)> moved)
    {
        foreach ((QueuedEvent e, FunctionQueue queue) in moved)
        {
            CountDead(QueueOf(queue.Name), -1, -e.Bytes);
            if (queue.IsDropped)
                continue;
            Reserve(queue, e.Bytes);
            _backlog.Add(e, Now);
        }
    }

    /// <returns>There may be more.</returns>
    private bool RemoveOldDeadLetters()
    {
        long before = (_time.GetUtcNow() - _settings.DeadLetterAge).ToUnixTimeMilliseconds();
        List<DeadLetter> old;
        try
        {
            old = _store.Read(c => EventRows.DeadLetters(c, null, 0, RedriveAtOnce, before));
        }
        catch (SqliteException failure)
        {
            _log.LogError("old dead letters cannot be read: {Cause}", failure.Message);
            return true;
        }

        if (old.Count == 0)
            return false;
        _log.LogInformation("{Count} dead letters are older than {Days} days and are removed", old.Count, _settings.DeadLetterAge.TotalDays);
        _ = RemoveAsync(old).ContinueWith(
            t => _log.LogError("old dead letters could not be removed: {Cause}", t.Exception!.InnerException!.Message), CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        return old.Count == RedriveAtOnce;
    }

    /// <param name="done">Under the gate, as soon as the change is durable: what is counted is what was done.</param>
    /// <exception cref="LambdaException">It could not be stored.</exception>
    private async Task WriteAsync(Action<EventStatements> execute, Action done)
    {
        var stored = new TaskCompletionSource<Exception?>(TaskCreationOptions.RunContinuationsAsynchronously);
        _store.Submit(new StoreOperation(execute, error =>
        {
            if (error is null)
            {
                lock (_gate)
                    done();
            }

            stored.SetResult(error);
        }));
        if (await stored.Task is { } failure)
            throw new LambdaException(NotStored(failure));
    }

    private static long Older(long a, long b) => a == 0 ? b : b == 0 ? a : Math.Min(a, b);

    private static LambdaException NoDeadLetter(Guid requestId) =>
        new(LambdaError.ResourceNotFound($"There is no dead letter with request id {requestId}: it may have been redriven or removed; 'hearth dead-letters ls' lists them."));
}
