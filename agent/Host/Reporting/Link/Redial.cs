using Grpc.Core;

namespace Hearth.Agent.Reporting.Link;

/// <summary>Dials, and dials again with back-off whenever the connection ends, until it is told to stop.</summary>
/// <param name="lost">Told the cause when a connection ends or none can be had; once, until there was one again.</param>
internal sealed class Redial(TimeSpan shortest, TimeSpan longest, TimeProvider time, Action<string> lost) : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private Task _running = Task.CompletedTask;

    /// <param name="connect">One life of the connection; calls what it is given once the other side has proved to be one, and throws when it ends.</param>
    public void Start(Func<Action, CancellationToken, Task> connect) => _running = Task.Run(() => RunAsync(connect));

    /// <summary>Hangs up and dials no more.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _running;
    }

    public void Dispose() => _stop.Dispose();

    /// <summary>The loops of one connection: whichever ends first ends the others, and its reason is the one thrown.</summary>
    public static async Task AllAsync(CancellationTokenSource ending, params Task[] loops)
    {
        var first = await Task.WhenAny(loops);
        await ending.CancelAsync();
        await Task.WhenAll(loops).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await first;
        throw new InvalidOperationException("the control plane hung up");
    }

    private async Task RunAsync(Func<Action, CancellationToken, Task> connect)
    {
        var wait = shortest;
        var quiet = false;
        void Established()
        {
            wait = shortest;
            quiet = false;
        }
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await connect(Established, _stop.Token);
            }
            catch (Exception e) when (!_stop.IsCancellationRequested)
            {
                if (!quiet)
                    lost(e is RpcException rpc ? rpc.Status.Detail : e.Message);
                quiet = true;
            }
            catch (Exception)
            {
                return; // stopping
            }
            await Task.Delay(wait * (0.5 + Random.Shared.NextDouble()), time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            wait = wait * 2 < longest ? wait * 2 : longest;
        }
    }
}
