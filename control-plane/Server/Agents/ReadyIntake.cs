using System.Threading.Channels;
using Hearth.Contracts.V1;
using Hearth.ControlPlane.Functions;
using Hearth.ControlPlane.Store;

namespace Hearth.ControlPlane.Agents;

/// <summary>
/// What the agent of one connection says of the code it holds, stored beside its other messages: while the disk does not take it, it is tried again, and the stream goes
/// on. An agent that cannot unpack a zip because the disk is full says so at the very moment at which that cannot be stored.
/// </summary>
internal sealed class ReadyIntake(AgentConnection connection, FunctionService functions, TimeProvider time, ILogger log)
{
    /// <summary>One for each version of each function when an agent connects. One that says more is not read until there is room.</summary>
    private const int MaxWaiting = 10_000;

    private static readonly TimeSpan s_retry = TimeSpan.FromSeconds(1);
    private readonly Channel<FunctionReady> _reports = Channel.CreateBounded<FunctionReady>(new BoundedChannelOptions(MaxWaiting) { SingleReader = true, SingleWriter = true });

    public ValueTask TakeAsync(FunctionReady ready, CancellationToken cancellationToken) => _reports.Writer.WriteAsync(ready, cancellationToken);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        bool failed = false;
        await foreach (FunctionReady ready in _reports.Reader.ReadAllAsync(cancellationToken))
        {
            while (!TryStore(ready, ref failed))
                await Task.Delay(s_retry, time, cancellationToken);
        }
    }

    private bool TryStore(FunctionReady ready, ref bool failed)
    {
        try
        {
            functions.AgentReported(ready.FunctionName, ready.RevisionId, OneLine(ready.Error));
            failed = false;
            return true;
        }
        catch (Exception e) when (StorageFailure.Is(e))
        {
            if (!failed)
                log.LogError("agent {Agent} is ready for functions, which cannot be stored and is tried again every second: {Cause}", connection.Hello.AgentId, e.Message);
            failed = true;
            return false;
        }
    }

    // Shown to people as StateReason.
    private static string? OneLine(string error)
    {
        const int MaxLength = 1_024;
        if (error.Length == 0)
            return null;
        return string.Create(Math.Min(error.Length, MaxLength), error, static (line, text) =>
        {
            for (int i = 0; i < line.Length; i++)
                line[i] = char.IsControl(text[i]) ? ' ' : text[i];
        });
    }
}
