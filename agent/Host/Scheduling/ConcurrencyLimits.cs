using Hearth.Contracts;

namespace Hearth.Agent.Scheduling;

/// <summary>
/// How many invocations may be in flight: a function with reserved concurrency has that many for itself, all its versions together, and no more; the others share
/// what the reservations leave of the limit. Guarded by the scheduler's gate; entering and leaving allocate nothing.
/// </summary>
/// <param name="limit">Of all functions together.</param>
internal sealed class ConcurrencyLimits(int limit)
{
    // Of the account's 1,000 PutFunctionConcurrency leaves at least as much unreserved.
    private readonly int _alwaysUnreserved = Math.Max(1, limit / 10);
    private readonly Dictionary<string, FunctionUse> _functions = new(StringComparer.Ordinal);
    private long _reserved;
    private int _unreservedInFlight;
    private int _inFlight;

    public FunctionUse Of(string name)
    {
        if (!_functions.TryGetValue(name, out var use))
            _functions[name] = use = new FunctionUse();
        return use;
    }

    /// <param name="count">Negative = none.</param>
    public void Reserve(string name, int count)
    {
        var use = Of(name);
        if (use.Reserved >= 0)
            _reserved -= use.Reserved;
        else
            _unreservedInFlight -= use.InFlight;
        use.Reserved = Math.Max(count, -1);
        if (use.Reserved >= 0)
            _reserved += use.Reserved;
        else
            _unreservedInFlight += use.InFlight;
    }

    /// <returns>Null when one more may enter.</returns>
    public LambdaError? Refusal(FunctionUse use)
    {
        if (use.Reserved >= 0 && use.InFlight >= use.Reserved)
            return LambdaError.TooManyRequests("ReservedFunctionConcurrentInvocationLimitExceeded");
        // The whole is this node's own limit, also when the account's reservations are more than it: then the others share what Lambda would leave unreserved.
        return _inFlight >= limit || (use.Reserved < 0 && _unreservedInFlight >= Math.Max(limit - _reserved, _alwaysUnreserved)) ? LambdaError.TooManyRequests("ConcurrentInvocationLimitExceeded") : null;
    }

    public void Enter(FunctionUse use)
    {
        _inFlight++;
        use.InFlight++;
        if (use.Reserved < 0)
            _unreservedInFlight++;
    }

    public void Leave(FunctionUse use)
    {
        _inFlight--;
        use.InFlight--;
        if (use.Reserved < 0)
            _unreservedInFlight--;
    }
}

/// <summary>One function's share. Kept while the agent runs, so that a function that is deployed anew counts on.</summary>
internal sealed class FunctionUse
{
    /// <summary>-1 = none.</summary>
    public int Reserved { get; set; } = -1;

    /// <summary>Accepted and not yet answered, all versions together.</summary>
    public int InFlight { get; set; }
}
