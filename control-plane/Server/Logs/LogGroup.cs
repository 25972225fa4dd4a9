namespace Hearth.ControlPlane.Logs;

/// <summary>A log group that somebody made, or gave a retention or tags. Those of functions are there without it.</summary>
/// <param name="RetentionDays">Null = as long as there is room.</param>
/// <param name="Bytes">Of the events that were put into it.</param>
public sealed record LogGroup(string Name, DateTimeOffset Created, int? RetentionDays, IReadOnlyDictionary<string, string> Tags, long Bytes)
{
    private const string FunctionPrefix = "/aws/lambda/";

    /// <summary>The function whose log it is; null for another's.</summary>
    public static string? FunctionOf(string name) =>
        name.StartsWith(FunctionPrefix, StringComparison.Ordinal) && Contracts.FunctionName.IsPlainName(name.AsSpan(FunctionPrefix.Length)) ? name[FunctionPrefix.Length..] : null;

    /// <summary>Names that begin so may be those of functions' groups.</summary>
    public static bool MayBeFunctions(string prefix) => prefix.StartsWith(FunctionPrefix, StringComparison.Ordinal) || FunctionPrefix.StartsWith(prefix, StringComparison.Ordinal);

    public static string OfFunction(string function) => FunctionPrefix + function;
}

/// <param name="LastIngestion">When an event came last; null for none yet.</param>
public sealed record LogStream(string Group, string Name, DateTimeOffset Created, long? FirstEventUnixMs, long? LastEventUnixMs, DateTimeOffset? LastIngestion);

/// <summary>An event as a reader gets it.</summary>
/// <param name="Source">Who keeps it: an agent's id, or "" for what was put here.</param>
/// <param name="Number">Its place among those of its source and millisecond.</param>
public sealed record StoredEvent(string Source, long TimeUnixMs, long Number, string Stream, string Text, long IngestedUnixMs);
