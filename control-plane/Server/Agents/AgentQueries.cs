using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Hearth.Contracts;
using Hearth.Contracts.V1;

namespace Hearth.ControlPlane.Agents;

/// <summary>Questions to one agent, many at a time over its one stream, told apart by id.</summary>
public sealed class AgentQueries
{
    private readonly ConcurrentDictionary<ulong, PendingQuery> _pending = new();
    private ulong _lastId;
    private string? _closed;

    /// <summary>Asks and yields answers as they come; leaving the enumeration early cancels the query at the agent.</summary>
    /// <exception cref="LambdaException">The agent went away, answered with an error, or the reader is too slow.</exception>
    public async IAsyncEnumerable<QueryResult> AskAsync(AgentOutbox outbox, Query query, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        query.QueryId = Interlocked.Increment(ref _lastId);
        var pending = new PendingQuery();
        _pending[query.QueryId] = pending;
        bool ended = false;
        try
        {
            // After adding: a close that came between has either failed this one or is seen here.
            if (Volatile.Read(ref _closed) is { } reason)
                throw Gone(reason);
            if (!outbox.TryAsk(new ControlMessage { Query = query }))
                throw new LambdaException(LambdaError.Service("The agent is too far behind with questions; try again.", 503));
            await foreach (QueryResult result in pending.ReadAllAsync(cancellationToken))
            {
                ended = result.Done || result.Error.Length > 0;
                if (result.Error.Length > 0)
                    throw new LambdaException(LambdaError.Service($"The agent answered: {result.Error}"));
                yield return result;
                if (ended)
                    yield break;
            }
        }
        finally
        {
            _pending.TryRemove(query.QueryId, out _);
            if (!ended && Volatile.Read(ref _closed) is null)
                outbox.TryAsk(new ControlMessage { CancelQuery = new CancelQuery { QueryId = query.QueryId } });
        }
    }

    /// <summary>Answers to queries that nobody waits for any more are dropped.</summary>
    public void Answer(QueryResult result)
    {
        if (_pending.TryGetValue(result.QueryId, out PendingQuery? pending))
            pending.Add(result);
    }

    public void FailAll(string reason)
    {
        Volatile.Write(ref _closed, reason);
        foreach (PendingQuery pending in _pending.Values)
            pending.Fail(Gone(reason));
    }

    private static LambdaException Gone(string reason) => new(LambdaError.Service($"The agent went away: {reason}.", 503));
}
