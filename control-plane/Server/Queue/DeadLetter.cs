namespace Hearth.ControlPlane.Queue;

/// <summary>Why and how an event ended.</summary>
/// <param name="Note">Why its destination did not get it; "" = it had none.</param>
/// <param name="Response">Of the last try.</param>
internal sealed record Ending(string Condition, long DiedUnixMs, int Tries, string ErrorType, string ErrorMessage, string Note, byte[] Response)
{
    public const int MaxResponseBytes = 64 * 1024;
    public const int MaxMessageLength = 1_024;
}

/// <summary>An event that ended without success and without a destination.</summary>
/// <param name="Payload">Empty in a list.</param>
/// <param name="Response">Empty in a list.</param>
public sealed record DeadLetter(
    long Sequence, Guid RequestId, string Function, string? Qualifier, long AcceptedUnixMs, long DiedUnixMs, string Condition, int Tries,
    string ErrorType, string ErrorMessage, string Note, int PayloadBytes, byte[] Payload, byte[] Response);
