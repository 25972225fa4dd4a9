using System.Buffers;

namespace Hearth.ControlPlane.Logs;

/// <summary>Constraints of CloudWatch Logs' service model.</summary>
internal static class LogRules
{
    public const int MaxGroups = 10_000;

    public const int MaxStreamsPerGroup = 10_000;

    /// <summary>What is kept of events put into one group; the oldest go first.</summary>
    public const long MaxBytesPerGroup = 64L << 20;

    public const int MaxTags = 50;

    private const int MaxName = 512;

    private static readonly SearchValues<char> s_groupCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/#");

    private static readonly int[] s_retentions = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];

    public static string GroupName(string? name, string member = "logGroupName")
    {
        if (name is null)
            throw LogErrors.Invalid(null, member, "Member must not be null");
        if (name.Length is 0 or > MaxName)
            throw LogErrors.Invalid(name, member, name.Length == 0 ? "Member must have length greater than or equal to 1" : $"Member must have length less than or equal to {MaxName}");
        return name.AsSpan().ContainsAnyExcept(s_groupCharacters) ? throw LogErrors.Invalid(name, member, @"Member must satisfy regular expression pattern: [\.\-_/#A-Za-z0-9]+") : name;
    }

    public static string StreamName(string? name, string member = "logStreamName")
    {
        if (name is null)
            throw LogErrors.Invalid(null, member, "Member must not be null");
        if (name.Length is 0 or > MaxName)
            throw LogErrors.Invalid(name, member, name.Length == 0 ? "Member must have length greater than or equal to 1" : $"Member must have length less than or equal to {MaxName}");
        return name.AsSpan().ContainsAny(':', '*') ? throw LogErrors.Invalid(name, member, "Member must satisfy regular expression pattern: [^:*]*") : name;
    }

    public static int Retention(int? days) => days switch
    {
        null => throw LogErrors.Invalid(null, "retentionInDays", "Member must not be null"),
        { } given when s_retentions.Contains(given) => given,
        _ => throw LogErrors.Invalid($"{days}", "retentionInDays", $"Member must satisfy enum value set: [{string.Join(", ", s_retentions)}]"),
    };

    public static int Limit(int? limit, int standard, int max) => limit switch
    {
        null => standard,
        < 1 => throw LogErrors.Invalid($"{limit}", "limit", "Member must have value greater than or equal to 1"),
        { } given when given > max => throw LogErrors.Invalid($"{limit}", "limit", $"Member must have value less than or equal to {max}"),
        { } given => given,
    };

    public static IReadOnlyDictionary<string, string> Tags(IReadOnlyDictionary<string, string> tags)
    {
        if (tags.Count > MaxTags)
            throw LogErrors.Limit($"A resource can have at most {MaxTags} tags.");
        foreach ((string key, string value) in tags)
        {
            if (key.Length is 0 or > 128)
                throw LogErrors.Invalid(key, "tags", "Map keys must satisfy constraint: [Member must have length between 1 and 128]");
            if (value.Length > 256)
                throw LogErrors.Invalid(value, "tags", "Map value must satisfy constraint: [Member must have length less than or equal to 256]");
        }

        return tags;
    }
}
