using Grpc.Core;
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
    private static readonly TimeSpan s_shortest = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(1);
    private readonly CancellationTokenSource _stop = new();
    private volatile EventConnection? _current;
    private Task _running = Task.CompletedTask;

    public bool IsConnected => _current is not null;

    public void Start() => _running = Task.Run(RunAsync);

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
        await _stop.CancelAsync();
        await _running;
    }

    public void Dispose() => _stop.Dispose();

    private async Task RunAsync()
    {
        var wait = s_shortest;
        var quiet = false;
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await ConnectAsync(() =>
                {
                    wait = s_shortest;
                    quiet = false;
                });
            }
            catch (Exception e) when (!_stop.IsCancellationRequested)
            {
                if (!quiet)
                    log.LogWarning("No stream of events to the control plane: {Cause}; Event invocations are refused until it is back", e is RpcException rpc ? rpc.Status.Detail : e.Message);
                quiet = true;
            }
            catch (Exception)
            {
                return; // stopping
            }
            await Task.Delay(wait * (0.5 + Random.Shared.NextDouble()), time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            wait = wait * 2 < s_longest ? wait * 2 : s_longest;
        }
    }

    private async Task ConnectAsync(Action established)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        using var call = channel.Link.Events(cancellationToken: ending.Token);
        await call.RequestStream.WriteAsync(new EventsUp { AgentId = agentId }, ending.Token);
        if (!await call.ResponseStream.MoveNext(ending.Token))
            throw new InvalidOperationException("the control plane hung up at once");
        established();
        var connection = new EventConnection(runner);
        _current = connection;
        try
        {
            Task[] loops = [connection.ReadAsync(call.ResponseStream, ending.Token), connection.WriteAsync(call.RequestStream, ending.Token)];
            var first = await Task.WhenAny(loops);
            await ending.CancelAsync();
            await Task.WhenAll(loops).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await first;
            throw new InvalidOperationException("the control plane hung up");
        }
        finally
        {
            _current = null;
            // Only now that nothing is being written: a refused event's payload goes back to its owner.
            connection.Close();
        }
    }
}
