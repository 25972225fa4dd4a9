using System.Buffers;
using Hearth.Contracts;

namespace Hearth.Agent.Scheduling;

/// <summary>
/// Bytes of answers that functions have given and callers have not taken yet: callers that do not read must not take the machine's memory. Once the budget is reached no invocation is taken in,
/// and one function's answers may be half of it, so that its callers hold up those of others for no longer than that. What runs by then may still answer: a whole answer is thrown away only when
/// twice the budget is held; of a streamed one there is never more than <see cref="ResponseStream.HighWater"/> and a chunk.
/// </summary>
internal sealed class AnswerBudget(long bytes)
{
    private long _held;

    public static AnswerBudget Unlimited { get; } = new(long.MaxValue / 4);

    public long Held => Volatile.Read(ref _held);

    /// <param name="ofFunction">What is held of the function's own answers.</param>
    /// <returns>Null when one more invocation may begin.</returns>
    public LambdaError? Refusal(long ofFunction)
    {
        if (Held >= bytes)
            return LambdaError.Service("This node holds as many bytes of answers that their callers have not read as it may; try again.", 503);
        return ofFunction >= bytes / 2
            ? LambdaError.TooManyRequests("CallerRateLimitExceeded", "The callers of this function have not read as many bytes of its answers as may be held for it; try again.")
            : null;
    }

    public bool TryTake(int count)
    {
        if (Interlocked.Add(ref _held, count) <= 2 * bytes)
            return true;
        Give(count);
        return false;
    }

    public void Take(int count) => Interlocked.Add(ref _held, count);

    public void Give(int count) => Interlocked.Add(ref _held, -count);
}

/// <summary>What of the budget one function's answers hold.</summary>
internal sealed class AnswerShare(AnswerBudget budget)
{
    private long _held;

    public LambdaError? Refusal => budget.Refusal(Volatile.Read(ref _held));

    /// <summary>For a whole answer.</summary>
    /// <returns>Null when there is no room for it.</returns>
    public byte[]? TryRent(int length)
    {
        var rented = ArrayPool<byte>.Shared.Rent(length);
        if (budget.TryTake(rented.Length))
        {
            Interlocked.Add(ref _held, rented.Length);
            return rented;
        }
        ArrayPool<byte>.Shared.Return(rented);
        return null;
    }

    /// <summary>For a piece of a streamed answer, which is bounded elsewhere.</summary>
    public byte[] Rent(int length)
    {
        var rented = ArrayPool<byte>.Shared.Rent(length);
        budget.Take(rented.Length);
        Interlocked.Add(ref _held, rented.Length);
        return rented;
    }

    public void Return(byte[] rented)
    {
        var length = rented.Length;
        ArrayPool<byte>.Shared.Return(rented);
        Interlocked.Add(ref _held, -length);
        budget.Give(length);
    }
}
