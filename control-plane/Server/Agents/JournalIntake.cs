using System.Threading.Channels;
using Grpc.Core;
using Hearth.Contracts.V1;
using Hearth.ControlPlane.Store;

namespace Hearth.ControlPlane.Agents;

/// <summary>
/// The journal batches of one connection, applied in order beside its other messages: while the store does not take one, it is tried again, and queries and
/// definitions go on. The agent keeps what is not acknowledged and sends only a window of it ahead.
/// </summary>
internal sealed class JournalIntake(AgentConnection connection, UsageStore usage, TimeProvider time, ILogger log)
{
    // An agent's window of 8,000 records is a tenth of it; an agent that sends on all the same is not read until there is room.
    private const long MaxWaitingBytes = 16 << 20;
    private static readonly TimeSpan s_retry = TimeSpan.FromSeconds(1);
    private readonly Channel<JournalBatch> _batches = Channel.CreateUnbounded<JournalBatch>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });
    private long _waitingBytes;

    /// <exception cref="RpcException">The batch is impossible.</exception>
    public async ValueTask TakeAsync(JournalBatch batch, CancellationToken cancellationToken)
    {
        if (batch.Records.Count == 0)
            return;
        if (batch.FirstSequence > long.MaxValue - (ulong)batch.Records.Count)
            throw new RpcException(new Status(StatusCode.InvalidArgument, "first_sequence is out of range"));
        while (Volatile.Read(ref _waitingBytes) > MaxWaitingBytes)
            await Task.Delay(s_retry, time, cancellationToken);
        Interlocked.Add(ref _waitingBytes, batch.CalculateSize());
        _batches.Writer.TryWrite(batch);
    }

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await foreach (JournalBatch batch in _batches.Reader.ReadAllAsync(cancellationToken))
        {
            bool failed = false;
            while (!TryApply(batch, ref failed))
                await Task.Delay(s_retry, time, cancellationToken);
            Interlocked.Add(ref _waitingBytes, -batch.CalculateSize());
            if (failed)
                log.LogInformation("journal of agent {Agent}: usage is stored again", connection.Hello.AgentId);
        }
    }

    private bool TryApply(JournalBatch batch, ref bool failed)
    {
        JournalOutcome outcome;
        try
        {
            outcome = usage.Apply(connection.Hello.AgentId, batch);
        }
        catch (Exception e) when (StorageFailure.Is(e))
        {
            if (!failed)
                log.LogError("journal of agent {Agent}: usage cannot be stored and is tried again every second; the agent keeps it meanwhile: {Cause}", connection.Hello.AgentId, e.Message);
            failed = true;
            return false;
        }

        if (outcome.Missing > 0)
            log.LogWarning("journal of agent {Agent}, epoch {Epoch}: {Missing} records before {First} never came; usage is short of them", connection.Hello.AgentId, batch.Epoch, outcome.Missing, batch.FirstSequence);
        if (outcome.Refused > 0)
            log.LogWarning("journal of agent {Agent}, epoch {Epoch}: {Refused} records with impossible values are not counted", connection.Hello.AgentId, batch.Epoch, outcome.Refused);
        connection.Outbox.Acknowledge(new JournalAck { Epoch = batch.Epoch, LastSequence = outcome.LastSequence });
        return true;
    }
}
