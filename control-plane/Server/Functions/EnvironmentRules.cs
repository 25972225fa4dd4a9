using System.Collections.Frozen;
using Hearth.Contracts;
using Hearth.ControlPlane.Store;

namespace Hearth.ControlPlane.Functions;

/// <summary>What a function may put into its environment. No message holds a value: values are secrets as often as not.</summary>
internal static class EnvironmentRules
{
    /// <summary>Of the variables together, as JSON (measured so by AWS).</summary>
    private const int MaxBytes = 4_096;

    private const string Unable = "Lambda was unable to configure your environment variables because the environment variables you have provided";

    // DG configuration-envvars: reserved; a function that could set them would change what the runtime believes about itself.
    private static readonly FrozenSet<string> Reserved = new[]
    {
        "_HANDLER", "_X_AMZN_TRACE_ID", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_EXECUTION_ENV", "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME", "AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_LAMBDA_RUNTIME_API",
        "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR",
    }.ToFrozenSet(StringComparer.Ordinal);

    public static void CheckNames(List<string> violations, IReadOnlyDictionary<string, string>? variables)
    {
        // One that is too large is refused as a whole.
        if (variables is null || Size(variables) > MaxBytes)
            return;
        foreach (string name in variables.Keys)
        {
            if (violations.Count >= LambdaError.MaxViolations)
                return;
            if (!Reserved.Contains(name) && !IsName(name))
                violations.Add(LambdaError.Violation(name, "environment.variables", "Map keys must satisfy constraint: [Member must satisfy regular expression pattern: [a-zA-Z]([a-zA-Z0-9_])+]"));
        }
    }

    /// <exception cref="LambdaException">InvalidParameterValueException.</exception>
    public static void CheckContents(IReadOnlyDictionary<string, string>? variables)
    {
        if (variables is null)
            return;
        // First, since all that follows may name variables.
        int size = Size(variables);
        if (size > MaxBytes)
            throw new LambdaException(LambdaError.InvalidParameterValue($"{Unable} exceeded the 4KB limit. String measured: {size} bytes"));

        string[] reserved = [.. variables.Keys.Where(Reserved.Contains).Order(StringComparer.Ordinal)];
        if (reserved.Length > 0)
        {
            throw new LambdaException(LambdaError.InvalidParameterValue(
                $"{Unable} contains reserved keys that are currently not supported for modification. Reserved keys used in this request: {string.Join(", ", reserved)}"));
        }

        foreach ((string name, string value) in variables)
        {
            if (value.Contains('\0'))
                throw new LambdaException(LambdaError.InvalidParameterValue($"{Unable} hold a NUL character in {name}; remove it."));
        }
    }

    private static int Size(IReadOnlyDictionary<string, string> variables) => StringMap.ToJson(variables).Length;

    private static bool IsName(string name) =>
        name.Length >= 2 && char.IsAsciiLetter(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');
}
