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
    public async Task<IReadOnlyList<LogGroupInfo>> GroupsAsync(CancellationToken cancellationToken)
    {
        var found = await AskAllAsync(_ => new Query { LogGroups = new LogGroupsQuery() }, r => r.Groups, cancellationToken);
        return
        [
            .. found.SelectMany(a => a.Items).GroupBy(g => g.FunctionName, StringComparer.Ordinal)
                .Select(g => new LogGroupInfo { FunctionName = g.Key, CreatedUnixMs = g.Min(i => i.CreatedUnixMs), Bytes = g.Sum(i => i.Bytes) }),
        ];
    }

    public async Task<IReadOnlyList<LogStreamInfo>> StreamsAsync(string function, CancellationToken cancellationToken)
    {
        var found = await AskAllAsync(_ => new Query { LogStreams = new LogStreamsQuery { FunctionName = function } }, r => r.Streams, cancellationToken);
        return [.. found.SelectMany(a => a.Items)];
    }

    /// <summary>Of each agent its events, and whether it has more behind them.</summary>
    /// <param name="query">By the agent's id.</param>
    public Task<IReadOnlyList<(string AgentId, List<LogEvent> Items, bool More)>> EventsAsync(Func<string, LogEventsQuery> query, CancellationToken cancellationToken) =>
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

    private async Task<IReadOnlyList<(string AgentId, List<T> Items, bool More)>> AskAllAsync<T>(Func<string, Query> query, Func<QueryResult, IEnumerable<T>> items, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Timeout);
        var answers = await Task.WhenAll(registry.Current.Select(async agent =>
        {
            var found = new List<T>();
            bool more = false;
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
                log.LogWarning("agent {Agent} did not answer a question about logs: {Reason}", agent.Hello.AgentId, e.Message);
            }

            return (agent.Hello.AgentId, found, more);
        }));
        return answers;
    }
}
