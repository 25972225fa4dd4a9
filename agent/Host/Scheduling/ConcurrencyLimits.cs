using Hearth.Contracts;

namespace Hearth.Agent.Scheduling;

/// <summary>
/// How many invocations may be in flight: a function with reserved concurrency has that many for itself, all its versions together, and no more; the others share
/// what the reservations leave of the limit. Guarded by the scheduler's gate; entering and leaving allocate nothing.
/// </summary>
/// <param name="limit">Of all functions together.</param>
/// <param name="rate">Invocations a second that one function may begin, and as many at once after a pause; 0 = as many as come.</param>
/// <param name="answers">Of all functions together.</param>
internal sealed class ConcurrencyLimits(int limit, int rate, TimeProvider time, AnswerBudget answers)
{
    // Of the account's 1,000 PutFunctionConcurrency leaves at least as much unreserved.
    private readonly int _alwaysUnreserved = Math.Max(1, limit / 10);
    private readonly Dictionary<string, FunctionUse> _functions = new(StringComparer.Ordinal);
    private long _reserved;
    private int _unreservedInFlight;
    private int _inFlight;

    public ConcurrencyLimits(int limit)
        : this(limit, 0, TimeProvider.System)
    {
    }

    public ConcurrencyLimits(int limit, int rate, TimeProvider time)
        : this(limit, rate, time, AnswerBudget.Unlimited)
    {
    }

    public FunctionUse Of(string name)
    {
        if (!_functions.TryGetValue(name, out var use))
            _functions[name] = use = new FunctionUse(answers) { Tokens = rate, FilledAt = rate > 0 ? time.GetTimestamp() : 0 };
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
        if (_inFlight >= limit || (use.Reserved < 0 && _unreservedInFlight >= Math.Max(limit - _reserved, _alwaysUnreserved)))
            return LambdaError.TooManyRequests("ConcurrentInvocationLimitExceeded");
        if (use.Answers.Refusal is { } unread)
            return unread;
        if (rate == 0 || Fill(use) >= 1)
            return null;
        return LambdaError.TooManyRequests(use.Reserved >= 0 ? "ReservedFunctionInvocationRateLimitExceeded" : "FunctionInvocationRateLimitExceeded");
    }

    /// <summary>Whether one instance more than so many could ever be in use at once.</summary>
    public bool HasRoomFor(FunctionUse use, int instances) => instances < (use.Reserved >= 0 ? use.Reserved : Math.Max(limit - _reserved, _alwaysUnreserved));

    public void Enter(FunctionUse use)
    {
        if (rate > 0)
            use.Tokens--;
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

    private double Fill(FunctionUse use)
    {
        var now = time.GetTimestamp();
        use.Tokens = Math.Min(rate, use.Tokens + time.GetElapsedTime(use.FilledAt, now).TotalSeconds * rate);
        use.FilledAt = now;
        return use.Tokens;
    }
}

/// <summary>One function's share. Kept while the agent runs, so that a function that is deployed anew counts on.</summary>
internal sealed class FunctionUse(AnswerBudget answers)
{
    public FunctionUse()
        : this(AnswerBudget.Unlimited)
    {
    }

    /// <summary>Not guarded by the gate: answers are given back by whoever has sent them.</summary>
    public AnswerShare Answers { get; } = new(answers);

    /// <summary>-1 = none.</summary>
    public int Reserved { get; set; } = -1;

    /// <summary>Invocations that may begin at once.</summary>
    public double Tokens { get; set; }

    /// <summary>Timestamp of the last reckoning of <see cref="Tokens"/>.</summary>
    public long FilledAt { get; set; }

    /// <summary>Accepted and not yet answered, all versions together.</summary>
    public int InFlight { get; set; }
}
