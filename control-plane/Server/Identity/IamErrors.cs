using Hearth.Contracts;

namespace Hearth.ControlPlane.Identity;

/// <summary>IAM's refusals, in its words. The query protocol shows codes without "Exception".</summary>
internal static class IamErrors
{
    public static LambdaException NoRole(string name) => Of(404, "NoSuchEntity", $"The role with name {name} cannot be found.");

    public static LambdaException NoPolicy(string arn) => Of(404, "NoSuchEntity", $"Policy {arn} was not found.");

    public static LambdaException NotAttached(string arn) => Of(404, "NoSuchEntity", $"Policy {arn} was not found.");

    public static LambdaException NoInline(string name) => Of(404, "NoSuchEntity", $"The role policy with name {name} cannot be found.");

    public static LambdaException NoVersion(string version) => Of(404, "NoSuchEntity", $"Policy version {version} was not found.");

    public static LambdaException RoleExists(string name) => Of(409, "EntityAlreadyExists", $"Role with name {name} already exists.");

    public static LambdaException PolicyExists(string name) => Of(409, "EntityAlreadyExists", $"A policy called {name} already exists. Duplicate names are not allowed.");

    public static LambdaException DeleteConflict(string message) => Of(409, "DeleteConflict", message);

    public static LambdaException LimitExceeded(string message) => Of(409, "LimitExceeded", message);

    public static LambdaException MalformedPolicy(string message) => Of(400, "MalformedPolicyDocument", message);

    public static LambdaException Validation(string? value, string member, string constraint) =>
        Of(400, "ValidationError", $"1 validation error detected: {LambdaError.Violation(value, member, constraint)}");

    private static LambdaException Of(int status, string code, string message) => new(new LambdaError(status, code, message, LambdaErrorBody.LowerCaseMessage));
}
