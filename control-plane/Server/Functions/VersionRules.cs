using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Hearth.ControlPlane.Store;

namespace Hearth.ControlPlane.Functions;

/// <summary>How $LATEST becomes a version.</summary>
internal static class VersionRules
{
    /// <summary>A hash of everything that a version fixes: code and settings, not what only describes their state.</summary>
    public static string ContentOf(FunctionDefinition f)
    {
        string[] parts =
        [
            f.CodeSha256, f.Runtime, f.Handler, f.Role, f.Description, Number(f.TimeoutSeconds), Number(f.MemoryMb), Number(f.EphemeralStorageMb),
            f.Environment is null ? "" : Convert.ToBase64String(StringMap.ToJson(f.Environment)), f.Architecture, f.DeadLetterTargetArn ?? "", f.TracingMode,
            .. f.Layers.Select(l => l.Arn),
        ];
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', parts.Select(p => Convert.ToBase64String(Encoding.UTF8.GetBytes(p)))))));
    }

    /// <summary>Adds a version with what $LATEST is now; when the newest version is that already, there is nothing to do (as on AWS).</summary>
    /// <param name="description">Of the version; null = $LATEST's.</param>
    public static FunctionEntry Publish(FunctionEntry entry, string? description, DateTimeOffset now, out FunctionDefinition version)
    {
        FunctionDefinition latest = entry.Latest;
        string content = ContentOf(latest);
        if (entry.Versions.Count > 0 && entry.Versions.Values.Last() is var newest && newest.PublishedFrom == content)
        {
            version = newest;
            return entry;
        }

        version = latest with
        {
            Version = Number(entry.NextVersion),
            Description = description ?? latest.Description,
            // Tags are the function's.
            Tags = new Dictionary<string, string>(),
            RevisionId = Guid.NewGuid().ToString(),
            LastModified = now,
            PublishedFrom = content,
            // An agent that runs this code already has all that the version needs.
            Status = latest.Status.IsReady ? latest.Status : FunctionStatus.Created,
        };
        return entry with { Versions = entry.Versions.Add(entry.NextVersion, version), NextVersion = entry.NextVersion + 1 };
    }

    public static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>A version's number, or null when the text is none: no sign, no zeros in front.</summary>
    public static long? Parse(string? text) =>
        text is { Length: > 0 and <= 18 } && text[0] != '0' && text.All(char.IsAsciiDigit) ? long.Parse(text, CultureInfo.InvariantCulture) : null;
}
