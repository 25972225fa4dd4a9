using System.Collections.Immutable;
using Hearth.Contracts;
using Hearth.ControlPlane.Access;
using Hearth.ControlPlane.Logs;
using Hearth.ControlPlane.Routes;
using Hearth.ControlPlane.Store;

namespace Hearth.ControlPlane.Agents;

/// <summary>The agents that are connected now, one connection an agent id: a newer one replaces an older.</summary>
public sealed class AgentRegistry
{
    /// <summary>An agent that is slower than this hears of a change after its maker has been answered.</summary>
    private static readonly TimeSpan SettleTime = TimeSpan.FromMilliseconds(500);

    /// <summary>Of what a stop may take in all.</summary>
    private static readonly TimeSpan StopTime = TimeSpan.FromSeconds(1);

    private ImmutableList<AgentConnection> _current = [];
    private int _streams;

    public AgentRegistry(FunctionStore functions, KeyStore keys, LogFile logs, RouteStore routes)
    {
        functions.Changed += (name, change) =>
        {
            foreach (AgentConnection agent in Current)
                agent.Outbox.FunctionChanged(name, change);
        };
        keys.Changed += TellAccount;
        logs.Changed += TellAccount;

        void TellAccount() => functions.Count(change =>
        {
            foreach (AgentConnection agent in Current)
                agent.Outbox.AccountChanged(change);
        });
        routes.Changed += () =>
        {
            foreach (AgentConnection agent in Current)
                agent.Outbox.RoutesChanged();
        };
    }

    /// <summary>In the order in which they connected.</summary>
    public ImmutableList<AgentConnection> Current => Volatile.Read(ref _current);

    /// <exception cref="LambdaException">ServiceException 503: none is connected.</exception>
    public AgentConnection Any() => Current is [var first, ..] ? first : throw NoneConnected();

    public static LambdaException NoneConnected() =>
        new(LambdaError.Service("No agent is connected to the control plane: it may be starting or have stopped; look at the node's log and try again.", 503));

    /// <summary>From here on the connection hears of changes; what changed before is in the snapshot that it sends first.</summary>
    public void Add(AgentConnection connection)
    {
        AgentConnection? replaced = null;
        ImmutableInterlocked.Update(ref _current, list =>
        {
            replaced = list.Find(a => a.Hello.AgentId == connection.Hello.AgentId);
            return (replaced is null ? list : list.Remove(replaced)).Add(connection);
        });
        replaced?.Close("a newer connection of the same agent has replaced this one");
    }

    /// <summary>Ends every stream, so that a stop need not wait for agents, which never hang up by themselves. Returns when their ends, with the reason, are on their way.</summary>
    public void CloseAll(string reason)
    {
        foreach (AgentConnection agent in Current)
            agent.Close(reason);
        // Kestrel, told to stop, may close a connection before the end of its last stream has reached the client, which then sees no reason but a broken connection.
        SpinWait.SpinUntil(() => Volatile.Read(ref _streams) == 0, StopTime);
    }

    /// <summary>A stream has begun; <see cref="StreamEnded"/> follows when its answer is written to the end.</summary>
    public void StreamBegun() => Interlocked.Increment(ref _streams);

    public void StreamEnded() => Interlocked.Decrement(ref _streams);

    /// <summary>Waits, for a short time, until the connected agents have applied a change: who has made it finds it at the next invocation.</summary>
    /// <param name="patience">With an agent that is slow; null = half a second.</param>
    public Task SettleAsync(ulong change, CancellationToken cancellationToken, TimeSpan? patience = null) =>
        Task.WhenAll(Current.Select(a => SettleAsync(a, change, patience ?? SettleTime, cancellationToken)));

    private static async Task SettleAsync(AgentConnection agent, ulong change, TimeSpan patience, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, agent.ClosedOrDisposed);
        limit.CancelAfter(patience);
        await agent.Progress.WaitAsync(change, limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public void Remove(AgentConnection connection) => ImmutableInterlocked.Update(ref _current, list => list.Remove(connection));
}
