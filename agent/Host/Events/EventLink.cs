using Hearth.Agent.Reporting.Link;
using Hearth.Contracts;
using Hearth.Contracts.V1;

namespace Hearth.Agent.Events;

/// <summary>
/// Asynchronous invocations between this agent and the control plane, over a stream that this agent dials, and dials again whenever it ends. Clients'
/// events go up and are answered once they are on the control plane's disk; events that are due come down. What comes down is trusted with its request id
/// because of where it comes from: nobody else can speak on a stream that was dialled to the control plane's own socket.
/// </summary>
internal sealed class EventLink(ControlChannel channel, string agentId, EventRunner runner, TimeProvider time, ILogger log) : IDisposable
{
    private readonly Redial _redial = new(TimeSpan.FromMilliseconds(50), TimeSpan.FromSeconds(1), time, cause =>
        log.LogWarning("No stream of events to the control plane: {Cause}; Event invocations are refused until it is back", cause));
    private volatile EventConnection? _current;

    public bool IsConnected => _current is not null;

    public void Start() => _redial.Start(ConnectAsync);

    /// <summary>Hands an event to the control plane.</summary>
    /// <param name="offer">Without its offer id; its payload stays the caller's until this returns.</param>
    /// <returns>Null once the event is durable; else why it may not be.</returns>
    public ValueTask<LambdaError?> OfferAsync(EventOffer offer) => _current is { } connection
        ? new ValueTask<LambdaError?>(connection.OfferAsync(offer))
        : new ValueTask<LambdaError?>(LambdaError.Service(
            "The control plane is away, and without it no event can be stored: this one was not accepted. Try again; synchronous invocations go on meanwhile.", 503));

    /// <summary>Says what there is to say, for a moment, and hangs up.</summary>
    public async Task StopAsync(TimeSpan patience)
    {
        var began = time.GetTimestamp();
        while (_current is { IsIdle: false } && time.GetElapsedTime(began) < patience)
            await Task.Delay(10);
        await _redial.StopAsync();
    }

    public void Dispose() => _redial.Dispose();

    private async Task ConnectAsync(Action established, CancellationToken stop)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stop);
        using var call = channel.Link.Events(cancellationToken: ending.Token);
        await call.RequestStream.WriteAsync(new EventsUp { AgentId = agentId }, ending.Token);
        if (!await call.ResponseStream.MoveNext(ending.Token))
            throw new InvalidOperationException("the control plane hung up at once");
        established();
        var connection = new EventConnection(runner);
        _current = connection;
        try
        {
            await Redial.AllAsync(ending, connection.ReadAsync(call.ResponseStream, ending.Token), connection.WriteAsync(call.RequestStream, ending.Token));
        }
        finally
        {
            _current = null;
            // Only now that nothing is being written: a refused event's payload goes back to its owner.
            connection.Close();
        }
    }
}
