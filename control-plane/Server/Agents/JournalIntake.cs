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
    // An agent's window is 8,000 records, in batches of up to 1,000 but as few as one.
    private const int MaxWaiting = 10_000;
    private static readonly TimeSpan s_retry = TimeSpan.FromSeconds(1);
    private readonly Channel<JournalBatch> _batches = Channel.CreateBounded<JournalBatch>(new BoundedChannelOptions(MaxWaiting) { SingleReader = true });

    /// <exception cref="RpcException">The batch is impossible, or the agent sends on without waiting for acknowledgements.</exception>
    public void Take(JournalBatch batch)
    {
        if (batch.Records.Count == 0)
            return;
        if (batch.FirstSequence > long.MaxValue - (ulong)batch.Records.Count)
            throw new RpcException(new Status(StatusCode.InvalidArgument, "first_sequence is out of range"));
        if (!_batches.Writer.TryWrite(batch))
            throw new RpcException(new Status(StatusCode.ResourceExhausted, $"more than {MaxWaiting} journal batches wait to be stored"));
    }

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await foreach (JournalBatch batch in _batches.Reader.ReadAllAsync(cancellationToken))
        {
            bool failed = false;
            while (!TryApply(batch, ref failed))
                await Task.Delay(s_retry, time, cancellationToken);
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
