using System.Threading.Channels;
using Hearth.Contracts.V1;

namespace Hearth.ControlPlane.Agents;

/// <summary>
/// What is to be said to an agent. Changes of functions are kept as names and acknowledgements as the latest one, so that an agent which reads slowly costs
/// no more memory than one that reads fast, and then hears the newest state only.
/// </summary>
public sealed class AgentOutbox
{
    private const int MaxQueries = 1_024;

    private readonly Lock _lock = new();
    private readonly Channel<bool> _signal = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private HashSet<string> _functions = new(StringComparer.Ordinal);
    private List<ControlMessage> _queries = [];
    private JournalAck? _ack;
    private ulong _change;
    private bool _account;
    private bool _routes;

    public void FunctionChanged(string name, ulong change)
    {
        lock (_lock)
        {
            _functions.Add(name);
            _change = change;
        }

        _signal.Writer.TryWrite(true);
    }

    /// <summary>What belongs to no function has changed.</summary>
    public void AccountChanged(ulong change)
    {
        lock (_lock)
        {
            _account = true;
            _change = change;
        }

        _signal.Writer.TryWrite(true);
    }

    public void RoutesChanged()
    {
        lock (_lock)
            _routes = true;
        _signal.Writer.TryWrite(true);
    }

    public void Acknowledge(JournalAck ack)
    {
        lock (_lock)
            _ack = ack;
        _signal.Writer.TryWrite(true);
    }

    /// <summary>False when the agent is too far behind to be asked more.</summary>
    public bool TryAsk(ControlMessage query)
    {
        lock (_lock)
        {
            if (_queries.Count >= MaxQueries)
                return false;
            _queries.Add(query);
        }

        _signal.Writer.TryWrite(true);
        return true;
    }

    /// <summary>Waits until there is something, then takes all of it. Change is the number of the last change among those of the functions and the account.</summary>
    public async Task<(HashSet<string> Functions, bool Account, bool Routes, ulong Change, List<ControlMessage> Queries, JournalAck? Ack)> TakeAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            await _signal.Reader.ReadAsync(cancellationToken);
            lock (_lock)
            {
                if (_functions.Count == 0 && !_account && !_routes && _queries.Count == 0 && _ack is null)
                    continue;
                var taken = (_functions, _account, _routes, _change, _queries, _ack);
                _account = false;
                _functions = new HashSet<string>(StringComparer.Ordinal);
                _queries = [];
                _ack = null;
                _routes = false;
                return taken;
            }
        }
    }
}
