using System.Buffers;
using System.Security.Cryptography;
using System.Text.Json;

namespace Hearth.ControlPlane.Identity;

/// <summary>Constraints of IAM's service model, and its quotas.</summary>
internal static class IamRules
{
    public const int MaxRoles = 5_000;

    public const int MaxPolicies = 1_500;

    /// <summary>Of one role.</summary>
    public const int MaxAttached = 20;

    public const int MaxInline = 20;

    public const int MaxDescription = 1_000;

    private const int MaxTags = 50;
    private const int MaxDocument = 10_240;
    private const int MaxPath = 512;
    private const int IdRandomLength = 17;
    private const string IdLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

    private static readonly SearchValues<char> s_nameCharacters =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+=,.@_-");

    public static string Name(string? name, string member, int max)
    {
        if (string.IsNullOrEmpty(name))
            throw IamErrors.Validation(name, member, name is null ? "Member must not be null" : "Member must have length greater than or equal to 1");
        if (name.Length > max)
            throw IamErrors.Validation(name, member, $"Member must have length less than or equal to {max}");
        return name.AsSpan().ContainsAnyExcept(s_nameCharacters) ? throw IamErrors.Validation(name, member, @"Member must satisfy regular expression pattern: [\w+=,.@-]+") : name;
    }

    public static string Path(string? path)
    {
        path ??= "/";
        bool isPath = path.Length is > 0 and <= MaxPath && path[0] == '/' && path[^1] == '/' && !path.AsSpan().ContainsAnyExceptInRange('!', '\x7e');
        return isPath ? path : throw IamErrors.Validation(path, "path", @"Member must satisfy regular expression pattern: (\u002F)|(\u002F[\u0021-\u007F]+\u002F)");
    }

    public static string Text(string? text, string member, int max) =>
        (text ?? "").Length <= max ? text ?? "" : throw IamErrors.Validation(text, member, $"Member must have length less than or equal to {max}");

    /// <summary>A policy, which is JSON: an object. What it says is not looked into.</summary>
    public static string Document(string? json, string member)
    {
        if (string.IsNullOrEmpty(json))
            throw IamErrors.Validation(json, member, json is null ? "Member must not be null" : "Member must have length greater than or equal to 1");
        if (json.Length > MaxDocument)
            throw IamErrors.LimitExceeded($"Cannot exceed quota for PolicySize: {MaxDocument}");
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            return document.RootElement.ValueKind == JsonValueKind.Object ? json : throw IamErrors.MalformedPolicy("Syntax errors in policy.");
        }
        catch (JsonException)
        {
            throw IamErrors.MalformedPolicy("This policy contains invalid Json");
        }
    }

    public static IReadOnlyDictionary<string, string> Tags(IReadOnlyDictionary<string, string> tags)
    {
        if (tags.Count > MaxTags)
            throw IamErrors.LimitExceeded($"Cannot exceed quota for TagsPerRole: {MaxTags}");
        foreach ((string key, string value) in tags)
        {
            if (key.Length is 0 or > 128)
                throw IamErrors.Validation(key, "tags.member.key", "Member must have length between 1 and 128");
            if (value.Length > 256)
                throw IamErrors.Validation(value, "tags.member.value", "Member must have length less than or equal to 256");
        }

        return tags;
    }

    /// <param name="prefix">AROA of roles, ANPA of policies.</param>
    public static string NewId(string prefix) => prefix + RandomNumberGenerator.GetString(IdLetters, IdRandomLength);
}
