namespace Hearth.ControlPlane.Functions;

/// <summary>Lambda's words for where a function stands.</summary>
public static class FunctionStates
{
    public const string Pending = "Pending";
    public const string Active = "Active";
    public const string Failed = "Failed";

    public const string InProgress = "InProgress";
    public const string Successful = "Successful";

    public const string CreatingReason = "The function is being created.";
    public const string CreatingCode = "Creating";

    // Of Lambda's codes this is the one for code that cannot be prepared.
    public const string FailedCode = "InternalError";
}
