using System.Buffers;
using Hearth.Contracts;

namespace Hearth.Agent.Scheduling;

/// <summary>
/// Bytes of answers that functions have given and callers have not taken yet: callers that do not read must not take the machine's memory, nor one function's callers what those of others need.
/// There is twice the budget, of which no function holds more whole answers than are left free (dynamic threshold, as switches share buffers): alone the budget, n of them 2/(n+1) of it each,
/// so something is left however many hoard. Invocations are refused at a third of what is left, as what runs by then may still answer. Of a streamed answer, which is never thrown away, there
/// is no more than <see cref="ResponseStream.HighWater"/> and a chunk.
/// </summary>
/// <param name="bytes">At least the largest answer; half of it is what one function alone may hold and begin more.</param>
internal sealed class AnswerBudget(long bytes)
{
    private long _held;

    public static AnswerBudget Unlimited { get; } = new(long.MaxValue / 8);

    public long Held => Volatile.Read(ref _held);

    private long Left => 2 * bytes - Held;

    /// <param name="ofFunction">What is held of the function's own answers.</param>
    /// <returns>Null when one more invocation may begin.</returns>
    public LambdaError? Refusal(long ofFunction)
    {
        var left = Left;
        if (left <= 0)
            return LambdaError.Service("This node holds as many bytes of answers that their callers have not read as it may; try again.", 503);
        return 3 * ofFunction >= left
            ? LambdaError.TooManyRequests("CallerRateLimitExceeded", "The callers of this function have not read as many bytes of its answers as may be held for it; try again.")
            : null;
    }

    /// <returns>The function that holds so many already may hold as many more.</returns>
    public bool HasRoom(long ofFunction, int more) => ofFunction + more <= Left - more;

    public void Take(int count) => Interlocked.Add(ref _held, count);

    public void Give(int count) => Interlocked.Add(ref _held, -count);
}

/// <summary>What of the budget one function's answers hold.</summary>
internal sealed class AnswerShare(AnswerBudget budget)
{
    private long _held;

    /// <summary>What the caller is told whose answer there was no room for.</summary>
    public static LambdaError ThrownAway { get; } = LambdaError.Service(
        "The function has run, and its answer was thrown away: the callers of this function have not read as many bytes of its answers as may be held for it.", 503);

    public LambdaError? Refusal => budget.Refusal(Volatile.Read(ref _held));

    /// <summary>For a whole answer.</summary>
    /// <returns>Null when there is no room for it: <see cref="ThrownAway"/>.</returns>
    public byte[]? TryRent(int length)
    {
        var rented = ArrayPool<byte>.Shared.Rent(length);
        // Threads that look at the same moment may pass it by an answer each.
        if (budget.HasRoom(Volatile.Read(ref _held), rented.Length))
            return Count(rented);
        ArrayPool<byte>.Shared.Return(rented);
        return null;
    }

    /// <summary>For a piece of a streamed answer, which is bounded elsewhere.</summary>
    public byte[] Rent(int length) => Count(ArrayPool<byte>.Shared.Rent(length));

    public void Return(byte[] rented)
    {
        var length = rented.Length;
        ArrayPool<byte>.Shared.Return(rented);
        Interlocked.Add(ref _held, -length);
        budget.Give(length);
    }

    private byte[] Count(byte[] rented)
    {
        budget.Take(rented.Length);
        Interlocked.Add(ref _held, rented.Length);
        return rented;
    }
}
