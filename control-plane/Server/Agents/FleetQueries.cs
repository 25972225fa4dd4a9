using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Hearth.Contracts;
using Hearth.Contracts.V1;

namespace Hearth.ControlPlane.Agents;

/// <summary>Asks every connected agent and puts the answers together.</summary>
public sealed class FleetQueries(AgentRegistry registry, ILogger<FleetQueries> log)
{
    /// <summary>A list is for a person who waits: an agent that has not answered by then is left out.</summary>
    private static readonly TimeSpan ListTimeout = TimeSpan.FromSeconds(5);

    /// <exception cref="LambdaException">No agent is connected, or none of them answered.</exception>
    public async Task<ListInstancesResponse> ListInstancesAsync(ListInstancesRequest request, CancellationToken cancellationToken)
    {
        ImmutableList<AgentConnection> agents = Connected();
        var answers = await Task.WhenAll(agents.Select(a => InstancesOfAsync(a, request, cancellationToken)));
        if (Array.TrueForAll(answers, a => a is null))
            throw new LambdaException(LambdaError.Service("No agent answered in time; look at its log.", 503));
        var response = new ListInstancesResponse();
        response.Instances.AddRange(answers.SelectMany(a => a ?? []).OrderBy(i => i.FunctionName, StringComparer.Ordinal).ThenBy(i => i.StartedUnixMs));
        return response;
    }

    /// <summary>Lines in order of time; with <c>follow</c> and several agents, in the order in which they arrive.</summary>
    public IAsyncEnumerable<LogLine> ReadLogsAsync(ReadLogsRequest request, CancellationToken cancellationToken)
    {
        ImmutableList<AgentConnection> agents = Connected();
        if (agents.Count == 1)
            return LinesOfAsync(agents[0], request, cancellationToken);
        return request.Follow ? FollowAllAsync(agents, request, cancellationToken) : MergeAsync(agents, request, cancellationToken);
    }

    private ImmutableList<AgentConnection> Connected() => registry.Current is { Count: > 0 } agents ? agents : throw AgentRegistry.NoneConnected();

    private async Task<List<Instance>?> InstancesOfAsync(AgentConnection agent, ListInstancesRequest request, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(ListTimeout);
        try
        {
            var found = new List<Instance>();
            await foreach (QueryResult result in agent.Queries.AskAsync(agent.Outbox, new Query { Instances = request }, limit.Token))
                found.AddRange(result.Instances);
            return found;
        }
        catch (Exception e) when (e is LambdaException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            log.LogWarning("agent {Agent} did not list its instances: {Reason}", agent.Hello.AgentId, e.Message);
            return null;
        }
    }

    private static async IAsyncEnumerable<LogLine> LinesOfAsync(AgentConnection agent, ReadLogsRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (QueryResult result in agent.Queries.AskAsync(agent.Outbox, new Query { Logs = request }, cancellationToken))
        {
            foreach (LogLine line in result.Lines)
                yield return line;
        }
    }

    private static async IAsyncEnumerable<LogLine> MergeAsync(ImmutableList<AgentConnection> agents, ReadLogsRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // Each agent's lines are bounded by its PendingQuery; OrderBy is stable, so lines of one agent keep their order.
        var perAgent = await Task.WhenAll(agents.Select(async a => await LinesOfAsync(a, request, cancellationToken).ToListAsync(cancellationToken)));
        IEnumerable<LogLine> merged = perAgent.SelectMany(l => l).OrderBy(l => l.TimeUnixMs);
        foreach (LogLine line in request.Tail > 0 ? merged.TakeLast(request.Tail) : merged)
            yield return line;
    }

    private static async IAsyncEnumerable<LogLine> FollowAllAsync(ImmutableList<AgentConnection> agents, ReadLogsRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var lines = Channel.CreateBounded<LogLine>(1);
        Task all = Task.WhenAll(agents.Select(async agent =>
        {
            await foreach (LogLine line in LinesOfAsync(agent, request, ending.Token))
                await lines.Writer.WriteAsync(line, ending.Token);
        }));
        _ = all.ContinueWith(t => lines.Writer.TryComplete(t.Exception?.InnerException), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        try
        {
            await foreach (LogLine line in lines.Reader.ReadAllAsync(ending.Token))
                yield return line;
        }
        finally
        {
            await ending.CancelAsync();
            await all.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
