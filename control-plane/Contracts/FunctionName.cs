using System.Text.RegularExpressions;

namespace Hearth.Contracts;

/// <summary>
/// A function as a client may name it in a path: <c>name</c>, <c>name:qualifier</c>, <c>123456789012:function:name[:qualifier]</c> or a full ARN
/// (shapes NamespacedFunctionName and Qualifier of Lambda's service model).
/// </summary>
/// <param name="Name">1-64 of <c>[a-zA-Z0-9-_]</c>.</param>
/// <param name="Qualifier">A version, an alias or <c>$LATEST</c>; null when the client gave none.</param>
/// <param name="Region">Null unless an ARN named one.</param>
/// <param name="Account">12 digits; null unless an ARN named one.</param>
public readonly partial record struct FunctionName(string Name, string? Qualifier, string? Region = null, string? Account = null)
{
    public const string Latest = "$LATEST";

    public const int MaxNameLength = 64;

    private const int MaxSegmentLength = 170;

    private const int MaxQualifierLength = 128;

    /// <summary>The service model's pattern, quoted in its validation messages.</summary>
    public const string ModelPattern =
        @"(arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{2}(-gov)?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_\.]+)(:(\$LATEST|[a-zA-Z0-9-_]+))?";

    /// <summary>Parses one path segment, already percent-decoded, and the Qualifier query parameter (null = not given).</summary>
    /// <exception cref="LambdaException">ValidationException, or InvalidParameterValueException when the two qualifiers differ.</exception>
    public static FunctionName Parse(string segment, string? qualifier = null) =>
        TryParse(segment, qualifier, out FunctionName name) is { } error ? throw new LambdaException(error) : name;

    /// <summary>Null when <paramref name="name"/> is set; else the answer to give.</summary>
    public static LambdaError? TryParse(string segment, string? qualifier, out FunctionName name)
    {
        name = default;
        if (qualifier is not null && CheckQualifier(qualifier) is { } bad)
            return bad;
        if (IsPlainName(segment))
        {
            name = new FunctionName(segment, qualifier);
            return null;
        }

        if (segment.Length > MaxSegmentLength)
            return LambdaError.Validation(segment, "functionName", $"Member must have length less than or equal to {MaxSegmentLength}");
        if (segment.Length == 0)
            return LambdaError.Validation(segment, "functionName", "Member must have length greater than or equal to 1");
        Match match = Segment().Match(segment);
        if (!match.Success)
            return LambdaError.Validation(segment, "functionName", $"Member must satisfy regular expression pattern: {ModelPattern}");
        string text = match.Groups["name"].Value;
        if (text.Length > MaxNameLength)
            return LambdaError.Validation(text, "functionName", $"Member must have length less than or equal to {MaxNameLength}");
        string? own = Optional(match.Groups["qualifier"]);
        if (own is not null && qualifier is not null && own != qualifier)
            return LambdaError.InvalidParameterValue("The derived qualifier from the function name does not match the specified qualifier.");
        name = new FunctionName(text, own ?? qualifier, Optional(match.Groups["region"]), Optional(match.Groups["account"]));
        return null;
    }

    /// <summary>True for a bare function name, the usual case and the only one that needs no regular expression.</summary>
    public static bool IsPlainName(ReadOnlySpan<char> text)
    {
        if (text.Length is 0 or > MaxNameLength)
            return false;
        foreach (char c in text)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_'))
                return false;
        }

        return true;
    }

    private static LambdaError? CheckQualifier(string qualifier) => qualifier.Length switch
    {
        0 => LambdaError.Validation(qualifier, "qualifier", "Member must have length greater than or equal to 1"),
        > MaxQualifierLength => LambdaError.Validation(qualifier, "qualifier", $"Member must have length less than or equal to {MaxQualifierLength}"),
        _ when !QualifierText().IsMatch(qualifier) =>
            LambdaError.Validation(qualifier, "qualifier", "Member must satisfy regular expression pattern: (|[a-zA-Z0-9$_-]+)"),
        _ => null,
    };

    private static string? Optional(Group group) => group.Success ? group.Value : null;

    // \z, not $: a name must not end in a line feed.
    [GeneratedRegex(@"\A(arn:(aws[a-zA-Z-]*)?:lambda:)?((?<region>[a-z]{2}(-gov)?-[a-z]+-[0-9]):)?((?<account>[0-9]{12}):)?(function:)?(?<name>[a-zA-Z0-9_-]+)(:(?<qualifier>\$LATEST|[a-zA-Z0-9_-]+))?\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Segment();

    [GeneratedRegex(@"\A[a-zA-Z0-9$_-]+\z", RegexOptions.CultureInvariant)]
    private static partial Regex QualifierText();
}
