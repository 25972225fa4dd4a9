using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Hearth.Contracts;
using Hearth.Contracts.V1;

namespace Hearth.ControlPlane.Agents;

/// <summary>Answers of one query between the agent's stream, which must never wait, and a client that may.</summary>
internal sealed class PendingQuery
{
    /// <summary>Waiting for one client. More than any sensible log; a client that does not read must not hold the control plane's memory.</summary>
    private const int MaxBufferedBytes = 64 << 20;

    private readonly Channel<QueryResult> _results = Channel.CreateUnbounded<QueryResult>(new UnboundedChannelOptions { SingleReader = true });
    private long _buffered;

    public void Add(QueryResult result)
    {
        if (Interlocked.Add(ref _buffered, result.CalculateSize()) > MaxBufferedBytes)
            Fail(new LambdaException(LambdaError.TooManyRequests("ReaderTooSlow", $"More than {MaxBufferedBytes >> 20} MiB wait for this client, which does not read them: ask for less (a later start, a tail)")));
        else if (_results.Writer.TryWrite(result) && (result.Done || result.Error.Length > 0))
            _results.Writer.TryComplete();
    }

    public void Fail(LambdaException error) => _results.Writer.TryComplete(error);

    public async IAsyncEnumerable<QueryResult> ReadAllAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (QueryResult result in _results.Reader.ReadAllAsync(cancellationToken))
        {
            Interlocked.Add(ref _buffered, -result.CalculateSize());
            yield return result;
        }
    }
}
