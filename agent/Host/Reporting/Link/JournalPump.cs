using System.Threading.Channels;
using Hearth.Agent.Reporting.Journal;
using Hearth.Contracts.V1;

namespace Hearth.Agent.Reporting.Link;

/// <summary>Sends the journal over one connection: from what is acknowledged on, in order, a bounded way ahead of the acknowledgements.</summary>
internal sealed class JournalPump(InvocationJournal journal, TimeProvider time)
{
    private const int BatchRecords = 1000;
    private const ulong WindowRecords = 8000;
    // Records come one by one; a batch that waits this long holds many.
    private static readonly TimeSpan s_gather = TimeSpan.FromMilliseconds(20);
    private readonly Channel<byte> _wake = Channel.CreateBounded<byte>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>There is something new to send, or room to send more.</summary>
    public void Wake() => _wake.Writer.TryWrite(0);

    public async Task RunAsync(ChannelWriter<AgentMessage> output, CancellationToken cancellationToken)
    {
        var sent = journal.Acknowledged;
        while (true)
        {
            while (sent < journal.Acknowledged + WindowRecords)
            {
                var batch = journal.Read(sent, BatchRecords);
                if (batch.Records.Count == 0)
                    break;
                sent = batch.FirstSequence + (ulong)batch.Records.Count - 1;
                await output.WriteAsync(new AgentMessage { Journal = batch }, cancellationToken);
            }
            await _wake.Reader.ReadAsync(cancellationToken);
            await Task.Delay(s_gather, time, cancellationToken);
        }
    }
}
