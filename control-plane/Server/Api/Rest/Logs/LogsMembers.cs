using System.Text.Json;
using Hearth.ControlPlane.Logs;

namespace Hearth.ControlPlane.Api.Rest.Logs;

/// <summary>Members that several operations have.</summary>
internal static class LogsMembers
{
    private const string ArnMark = ":log-group:";

    private const int MaxToken = 20_000;

    /// <summary>logGroupName, or the newer logGroupIdentifier, which may be an ARN.</summary>
    public static string Group(this JsonMembers body) => body.Text("logGroupIdentifier") is { } identifier
        ? LogRules.GroupName(OfArn(identifier) ?? identifier, "logGroupIdentifier")
        : LogRules.GroupName(body.Text("logGroupName"));

    /// <summary>resourceArn of a log group.</summary>
    public static string GroupOfArn(this JsonMembers body) =>
        LogRules.GroupName(OfArn(body.Text("resourceArn") ?? throw LogErrors.Invalid(null, "resourceArn", "Member must not be null")) ?? throw LogErrors.NoResource(), "resourceArn");

    public static string? Token(this JsonMembers body, string member = "nextToken") => body.Text(member) switch
    {
        null => null,
        { Length: 0 or > MaxToken } => throw LogErrors.Invalid($"The specified {member} is invalid."),
        var token => token,
    };

    /// <summary>Milliseconds since 1970.</summary>
    public static long? Time(this JsonMembers body, string member) => body.Long(member) switch
    {
        < 0 => throw LogErrors.Invalid($"{body.Long(member)}", member, "Member must have value greater than or equal to 0"),
        var time => time,
    };

    public static Func<CancellationToken, Task<RestAnswer>> Nothing(Func<CancellationToken, Task> work) => async cancellationToken =>
    {
        await work(cancellationToken);
        return Empty;
    };

    /// <param name="silent">Agents that did not answer: without what they hold.</param>
    public static RestAnswer Partial(IReadOnlyList<string> silent, Action<Utf8JsonWriter> write) =>
        RestAnswer.Ok(write) with { Incomplete = silent.Count > 0 ? $"no answer from agents: {string.Join(", ", silent)}" : null };

    /// <summary>AWS answers these with a body of nothing.</summary>
    public static RestAnswer Empty { get; } = new(StatusCodes.Status200OK);

    private static string? OfArn(string arn)
    {
        int mark = arn.StartsWith("arn:", StringComparison.Ordinal) ? arn.IndexOf(ArnMark, StringComparison.Ordinal) : -1;
        if (mark < 0)
            return null;
        string name = arn[(mark + ArnMark.Length)..];
        int colon = name.IndexOf(':');
        return colon < 0 ? name : name[..colon];
    }
}
