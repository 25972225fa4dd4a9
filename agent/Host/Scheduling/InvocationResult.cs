using Hearth.Contracts;

namespace Hearth.Agent.Scheduling;

/// <summary>How an invocation ended.</summary>
/// <param name="Refusal">Set when the function did not answer: it was throttled, or something of ours failed. The rest is then empty.</param>
/// <param name="IsFunctionError">The body is Lambda's error JSON: the handler raised, the runtime died or ran out of time.</param>
/// <param name="Body">Opaque bytes.</param>
/// <param name="Rented">The array behind the body; <see cref="Release"/> gives it back after the body was sent.</param>
/// <param name="Share">What the array counts as held of.</param>
/// <param name="ContentType">As the runtime gave it, or null.</param>
internal readonly record struct InvocationResult(
    LambdaError? Refusal, bool IsFunctionError, ReadOnlyMemory<byte> Body, byte[]? Rented, AnswerShare? Share, string? ContentType)
{
    public static InvocationResult Refused(LambdaError error) => new(error, false, default, null, null, null);

    public static InvocationResult Failed(byte[] body) => new(null, true, body, null, null, null);

    /// <summary>Once, when nobody reads the body any more.</summary>
    public void Release()
    {
        if (Rented is not null)
            Share!.Return(Rented);
    }
}
