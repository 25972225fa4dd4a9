using System.Diagnostics;

namespace Hearth.Agent.Tests.Fakes;

/// <summary>The system's clock, which does what a test wants once, when it is asked for a timestamp from a certain method.</summary>
internal sealed class HookedTime : TimeProvider
{
    private string? _method;
    private Action? _action;

    public void Once(string method, Action action)
    {
        _action = action;
        Volatile.Write(ref _method, method);
    }

    public bool Happened => Volatile.Read(ref _method) is null;

    public override long GetTimestamp()
    {
        if (Volatile.Read(ref _method) is { } method && new StackTrace().GetFrames().Any(f => f.GetMethod()?.Name == method) && Interlocked.Exchange(ref _method, null) is not null)
            _action!();
        return base.GetTimestamp();
    }
}
