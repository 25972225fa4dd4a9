namespace Hearth.ControlPlane.Agents;

/// <summary>How far an agent has applied the changes of functions.</summary>
public sealed class ChangeProgress
{
    private readonly Lock _lock = new();
    private readonly List<(ulong Change, TaskCompletionSource Waiter)> _waiting = [];
    private ulong _reached;

    public void Reach(ulong change)
    {
        lock (_lock)
        {
            _reached = Math.Max(_reached, change);
            foreach ((ulong _, TaskCompletionSource waiter) in _waiting.FindAll(w => w.Change <= _reached))
                waiter.TrySetResult();
            _waiting.RemoveAll(w => w.Change <= _reached);
        }
    }

    /// <summary>Completes when the change is applied, or is cancelled.</summary>
    public async Task WaitAsync(ulong change, CancellationToken cancellationToken)
    {
        var waiter = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            if (_reached >= change)
                return;
            _waiting.Add((change, waiter));
        }

        try
        {
            await waiter.Task.WaitAsync(cancellationToken);
        }
        finally
        {
            lock (_lock)
                _waiting.RemoveAll(w => w.Waiter == waiter);
        }
    }
}
