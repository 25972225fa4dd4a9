using System.Text.RegularExpressions;
using Hearth.Contracts;

namespace Hearth.ControlPlane.Functions;

/// <summary>Ranges and patterns of Lambda's service model. As AWS does, all violations of a request are reported in one answer.</summary>
internal static partial class SettingsRules
{
    public const int MaxTimeoutSeconds = 900;
    public const int MinMemoryMb = 128;
    public const int MaxMemoryMb = 10_240;
    public const int MinTmpMb = 512;
    public const int MaxTmpMb = 10_240;

    private const int MaxTags = 50;

    private const string RolePattern = @"arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+";

    /// <exception cref="LambdaException">ValidationException.</exception>
    public static void Check(SettingsInput input)
    {
        var violations = new List<string>();
        Range(violations, input.TimeoutSeconds, "timeout", 1, MaxTimeoutSeconds);
        Range(violations, input.MemoryMb, "memorySize", MinMemoryMb, MaxMemoryMb);
        Range(violations, input.EphemeralStorageMb, "ephemeralStorage.size", MinTmpMb, MaxTmpMb);
        if (input.Handler is { } handler)
        {
            Length(violations, handler, "handler", 128);
            if (handler.Length == 0 || handler.Any(c => char.IsWhiteSpace(c) || char.IsControl(c)))
                violations.Add(LambdaError.Violation(handler, "handler", @"Member must satisfy regular expression pattern: [^\s]+"));
        }

        if (input.Description is { } description)
            Length(violations, description, "description", 256);
        if (input.Role is { } role && (role.Length > 512 || !Role().IsMatch(role)))
            violations.Add(LambdaError.Violation(role, "role", $"Member must satisfy regular expression pattern: {RolePattern}"));
        if (input.Architectures is { } architectures)
            Architectures(violations, architectures);
        EnvironmentRules.CheckNames(violations, input.Environment);
        if (input.Tags is { Count: <= MaxTags } tags)
            Tags(violations, tags);
        if (violations.Count > 0)
            throw new LambdaException(LambdaError.Validation(violations));
        CheckTags(input.Tags);
        EnvironmentRules.CheckContents(input.Environment);
    }

    /// <exception cref="LambdaException">Too many, or one that is too long.</exception>
    public static void CheckTags(IReadOnlyDictionary<string, string>? tags)
    {
        if (tags is { Count: > MaxTags })
            throw new LambdaException(LambdaError.InvalidParameterValue("Number of tags exceeds resource tag limit."));
        var violations = new List<string>();
        Tags(violations, tags ?? new Dictionary<string, string>());
        if (violations.Count > 0)
            throw new LambdaException(LambdaError.Validation(violations));
    }

    private static void Tags(List<string> violations, IReadOnlyDictionary<string, string> tags)
    {
        foreach ((string key, string value) in tags)
        {
            if (key.Length is 0 or > 128 || value.Length > 256)
                violations.Add(LambdaError.Violation(key, "tags", "Member must have a key of 1-128 characters and a value of at most 256"));
        }
    }

    private static void Range(List<string> violations, int? value, string member, int min, int max)
    {
        if (value < min)
            violations.Add(LambdaError.Violation($"{value}", member, $"Member must have value greater than or equal to {min}"));
        else if (value > max)
            violations.Add(LambdaError.Violation($"{value}", member, $"Member must have value less than or equal to {max}"));
    }

    private static void Length(List<string> violations, string value, string member, int max)
    {
        if (value.Length > max)
            violations.Add(LambdaError.Violation(value, member, $"Member must have length less than or equal to {max}"));
    }

    private static void Architectures(List<string> violations, IReadOnlyList<string> values)
    {
        // More of them than there are tells nothing.
        string text = $"[{string.Join(", ", values.Take(LambdaError.MaxViolations))}]";
        if (values.Count != 1)
            violations.Add(LambdaError.Violation(text, "architectures", $"Member must have length {(values.Count == 0 ? "greater" : "less")} than or equal to 1"));
        else if (values[0] is not ("x86_64" or "arm64"))
            violations.Add(LambdaError.Violation(text, "architectures", "Member must satisfy constraint: [Member must satisfy enum value set: [x86_64, arm64]]"));
    }

    [GeneratedRegex(@"\Aarn:(aws[a-zA-Z-]*)?:iam::[0-9]{12}:role/?[a-zA-Z_0-9+=,.@\-/]+\z", RegexOptions.CultureInvariant)]
    private static partial Regex Role();
}
