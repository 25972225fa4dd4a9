using Hearth.Contracts.V1;

namespace Hearth.ControlPlane.Agents;

/// <summary>One connected agent.</summary>
public sealed class AgentConnection(AgentHello hello) : IDisposable
{
    private readonly CancellationTokenSource _closed = new();
    private string? _reason;
    private Capacity _capacity = new();

    public AgentHello Hello { get; } = hello;

    public AgentOutbox Outbox { get; } = new();

    public AgentQueries Queries { get; } = new();

    public ChangeProgress Progress { get; } = new();

    /// <summary>The last that it reported.</summary>
    public Capacity Capacity
    {
        get => Volatile.Read(ref _capacity);
        set => Volatile.Write(ref _capacity, value);
    }

    public CancellationToken Closed => _closed.Token;

    /// <summary>For those who found the connection in a list that may be old.</summary>
    public CancellationToken ClosedOrDisposed
    {
        get
        {
            try
            {
                return _closed.Token;
            }
            catch (ObjectDisposedException)
            {
                return new CancellationToken(canceled: true);
            }
        }
    }

    /// <summary>Why the connection ends; the first reason stays.</summary>
    public string? CloseReason => Volatile.Read(ref _reason);

    public void Close(string reason)
    {
        if (Interlocked.CompareExchange(ref _reason, reason, null) is not null)
            return;
        Queries.FailAll(reason);
        _closed.Cancel();
    }

    public void Dispose()
    {
        Close("the connection has ended");
        _closed.Dispose();
    }
}
