using Hearth.Contracts;
using Hearth.Contracts.V1;

namespace Hearth.ControlPlane.Agents;

/// <summary>The logs of functions, which lie on the agents.</summary>
public sealed class FleetLogs(AgentRegistry registry, ILogger<FleetLogs> log)
{
    /// <summary>A client waits: what an agent has not answered by then is left out.</summary>
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    public bool IsAnyConnected => registry.Current.Count > 0;

    /// <summary>One function once, though several agents have run it.</summary>
    /// <exception cref="LambdaException">Agents are connected and none of them answered.</exception>
    public async Task<FleetAnswer<LogGroupInfo>> GroupsAsync(CancellationToken cancellationToken)
    {
        var found = await AskAllAsync(_ => new Query { LogGroups = new LogGroupsQuery() }, r => r.Groups, cancellationToken);
        return found.With(
        [
            .. found.Items.SelectMany(a => a.Items).GroupBy(g => g.FunctionName, StringComparer.Ordinal)
                .Select(g => new LogGroupInfo { FunctionName = g.Key, CreatedUnixMs = g.Min(i => i.CreatedUnixMs), Bytes = g.Sum(i => i.Bytes) }),
        ]);
    }

    /// <exception cref="LambdaException">Agents are connected and none of them answered.</exception>
    public async Task<FleetAnswer<LogStreamInfo>> StreamsAsync(string function, CancellationToken cancellationToken)
    {
        var found = await AskAllAsync(_ => new Query { LogStreams = new LogStreamsQuery { FunctionName = function } }, r => r.Streams, cancellationToken);
        return found.With([.. found.Items.SelectMany(a => a.Items)]);
    }

    /// <summary>Of each agent its events, and whether it has more behind them.</summary>
    /// <param name="query">By the agent's id.</param>
    /// <exception cref="LambdaException">Agents are connected and none of them answered.</exception>
    public Task<FleetAnswer<AgentItems<LogEvent>>> EventsAsync(Func<string, LogEventsQuery> query, CancellationToken cancellationToken) =>
        AskAllAsync(id => new Query { LogEvents = query(id) }, r => r.Events, cancellationToken);

    /// <param name="stream">"" = all of the function.</param>
    /// <exception cref="LambdaException">An agent did not: it is to be tried again.</exception>
    public async Task DeleteAsync(string function, string stream, CancellationToken cancellationToken)
    {
        foreach (AgentConnection agent in registry.Current)
        {
            var query = new Query { DeleteLogs = new DeleteLogsQuery { FunctionName = function, Stream = stream } };
            await foreach (QueryResult _ in agent.Queries.AskAsync(agent.Outbox, query, cancellationToken))
            {
                // It is done when it has answered.
            }
        }
    }

    private async Task<FleetAnswer<AgentItems<T>>> AskAllAsync<T>(Func<string, Query> query, Func<QueryResult, IEnumerable<T>> items, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Timeout);
        var answers = await Task.WhenAll(registry.Current.Select(async agent =>
        {
            var found = new List<T>();
            bool more = false;
            string? reason = null;
            try
            {
                await foreach (QueryResult result in agent.Queries.AskAsync(agent.Outbox, query(agent.Hello.AgentId), limit.Token))
                {
                    found.AddRange(items(result));
                    more |= result.More;
                }
            }
            catch (Exception e) when (e is LambdaException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
            {
                // What it has said holds up to there.
                more = found.Count > 0;
                reason = e is LambdaException ? e.Message : $"no answer within {Timeout.TotalSeconds} s";
                log.LogWarning("agent {Agent} did not answer a question about logs: {Reason}", agent.Hello.AgentId, reason);
            }

            return (Answer: new AgentItems<T>(agent.Hello.AgentId, found, more), Reason: reason);
        }));
        if (answers.Length == 0)
            return new FleetAnswer<AgentItems<T>>([], ["none is connected"]);
        if (Array.TrueForAll(answers, a => a.Reason is not null && a.Answer.Items.Count == 0))
            throw NoneAnswered(answers[0].Reason!);
        return new FleetAnswer<AgentItems<T>>([.. answers.Select(a => a.Answer)], [.. answers.Where(a => a.Reason is not null).Select(a => a.Answer.AgentId)]);
    }

    private static LambdaException NoneAnswered(string reason) => new(new LambdaError(
        503, "ServiceUnavailableException", $"The logs lie on the agents, and none of them answered: {reason} Try again.", LambdaErrorBody.LowerCaseMessage));
}

/// <param name="More">It has more behind these.</param>
public sealed record AgentItems<T>(string AgentId, IReadOnlyList<T> Items, bool More);

/// <param name="Silent">Ids of the agents that did not answer to the end, or that none is connected: what they hold is missing.</param>
public sealed record FleetAnswer<T>(IReadOnlyList<T> Items, IReadOnlyList<string> Silent)
{
    public FleetAnswer<TOther> With<TOther>(IReadOnlyList<TOther> items) => new(items, Silent);
}
