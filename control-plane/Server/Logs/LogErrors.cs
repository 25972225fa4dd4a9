using Hearth.Contracts;

namespace Hearth.ControlPlane.Logs;

/// <summary>CloudWatch Logs' refusals, in its words.</summary>
internal static class LogErrors
{
    public static LambdaException NoGroup() => Of("ResourceNotFoundException", "The specified log group does not exist.");

    public static LambdaException NoStream() => Of("ResourceNotFoundException", "The specified log stream does not exist.");

    public static LambdaException NoResource() => Of("ResourceNotFoundException", "The specified resource does not exist.");

    public static LambdaException GroupExists() => Of("ResourceAlreadyExistsException", "The specified log group already exists");

    public static LambdaException StreamExists() => Of("ResourceAlreadyExistsException", "The specified log stream already exists");

    public static LambdaException Limit(string what) => Of("LimitExceededException", what);

    public static LambdaException Invalid(string message) => Of("InvalidParameterException", message);

    public static LambdaException Invalid(string? value, string member, string constraint) =>
        Invalid($"1 validation error detected: {LambdaError.Violation(value, member, constraint)}");

    /// <summary>Of operations whose model has no LimitExceededException.</summary>
    public static LambdaException Full() => new(new LambdaError(
        503, "ServiceUnavailableException", "The logs that clients have put here take as much of the disk as they may, all groups together (--put-logs-max-mb): delete groups or streams, or give groups a retention.",
        LambdaErrorBody.LowerCaseMessage));

    public static LambdaException Away() => new(new LambdaError(503, "ServiceUnavailableException", "No agent is connected to the control plane; try again.", LambdaErrorBody.LowerCaseMessage));

    /// <summary>It may lie with an agent that did not answer: that there is none cannot be said.</summary>
    public static LambdaException Unknown(IReadOnlyList<string> silent) => new(new LambdaError(
        503, "ServiceUnavailableException", $"Not all agents answered ({string.Join(", ", silent)}), and what is asked for may lie there; try again.", LambdaErrorBody.LowerCaseMessage));

    private static LambdaException Of(string code, string message) => new(new LambdaError(400, code, message, LambdaErrorBody.LowerCaseMessage));
}
