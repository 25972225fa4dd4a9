namespace Hearth.ControlPlane.Queue;

/// <summary>What came of one try.</summary>
/// <param name="Status">200: the function ran, to its end or to an error. Else it did not run, or something of ours failed, with the three last members.</param>
/// <param name="FunctionError">"" or "Unhandled".</param>
/// <param name="Response">Empty when it was not asked for, or is too long to pass on.</param>
public sealed record RunOutcome(
    int Status, string FunctionError, string ExecutedVersion, ReadOnlyMemory<byte> Response, string ErrorType, string Message, string Reason)
{
    public bool Ran => Status == 200;

    public bool IsSuccess => Ran && FunctionError.Length == 0;

    public bool IsThrottled => Status == 429;

    public static RunOutcome Refused(int status, string type, string message, string reason = "") => new(status, "", "", default, type, message, reason);

    /// <summary>The agent that had it is gone: whether the function ran is not known.</summary>
    public static RunOutcome Lost(string why) => Refused(503, "ServiceException", why);
}
