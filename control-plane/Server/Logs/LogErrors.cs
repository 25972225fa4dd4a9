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

    public static LambdaException Away() => new(new LambdaError(503, "ServiceUnavailableException", "No agent is connected to the control plane; try again.", LambdaErrorBody.LowerCaseMessage));

    private static LambdaException Of(string code, string message) => new(new LambdaError(400, code, message, LambdaErrorBody.LowerCaseMessage));
}
