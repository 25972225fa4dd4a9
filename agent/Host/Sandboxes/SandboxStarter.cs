using Hearth.Agent.Functions;
using Hearth.Agent.Spawning;
using Hearth.Contracts;

namespace Hearth.Agent.Sandboxes;

/// <summary>Code on disk, then a sandbox around it; every way that can fail becomes the answer to give.</summary>
internal static class SandboxStarter
{
    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(50);

    /// <param name="behindAdapter">As in <see cref="SandboxSpec"/>.</param>
    /// <exception cref="LambdaException">It cannot be started; the message is for the caller.</exception>
    public static async Task<ISandbox> StartAsync(InstanceServices services, FunctionRevision function, bool behindAdapter)
    {
        var began = services.Time.GetTimestamp();
        while (true)
        {
            if (services.Spawner.IsConnected)
            {
                var interpreter = services.Runtimes.Choose(function.Runtime, function.Spec.Runtime);
                try
                {
                    return await services.Spawner.StartAsync(
                        function.ToSandbox(services.Settings.HardCpuCap) with { Interpreter = interpreter, BehindAdapter = behindAdapter }, CancellationToken.None);
                }
                catch (SpawnerException e) when (services.Spawner.IsConnected)
                {
                    services.Log.LogError("A sandbox for {Function} could not be started: {Cause}", function.Name, e.Message);
                    throw new LambdaException(LambdaError.Service($"The sandbox could not be started: {e.Message}"));
                }
                catch (SpawnerException)
                {
                    // It went away meanwhile: wait for it like for one that was away before.
                }
            }
            if (services.Time.GetElapsedTime(began) >= services.Settings.SpawnerPatience)
                throw new LambdaException(LambdaError.Service("The spawner of this machine is away, so no sandbox can be started; try again.", 503));
            await Task.Delay(Retry, services.Time);
        }
    }

    /// <exception cref="LambdaException">The code cannot be had; the message is for the caller.</exception>
    public static async Task EnsureCodeAsync(InstanceServices services, FunctionRevision function)
    {
        try
        {
            await services.Code.EnsureAsync(function, CancellationToken.None);
        }
        catch (LambdaException e)
        {
            // Lambda's name for code that was accepted and cannot be unpacked (Invoke, 502).
            throw new LambdaException(new LambdaError(502, "InvalidZipFileException", e.Message, LambdaErrorBody.TypeAndUpperCaseMessage));
        }
        catch (Exception e) when (e is CodeUnavailableException or IOException or UnauthorizedAccessException or OperationCanceledException)
        {
            services.Log.LogError("The code of {Function} is not on this machine: {Cause}", function.Name, e.Message);
            throw new LambdaException(LambdaError.Service($"The function's code is not on this machine yet and cannot be fetched: {e.Message}", 503));
        }
    }
}
