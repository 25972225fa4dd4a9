using System.Collections.Frozen;

namespace Hearth.ControlPlane.Runtimes;

/// <summary>Lambda's runtime ids and the language that runs each. Retired ids stay: their code still runs, on the version that is installed.</summary>
public static class RuntimeIds
{
    public const string Python = "python";
    public const string NodeJs = "nodejs";
    public const string Dotnet = "dotnet";
    public const string Provided = "provided";

    /// <summary>Languages in the order in which they are listed to people.</summary>
    public static readonly IReadOnlyList<string> Languages = [Python, NodeJs, Dotnet, Provided];

    /// <summary>Newest first within a language: the order of error messages and lists.</summary>
    public static readonly IReadOnlyList<(string Id, string Language)> All =
    [
        ("python3.14", Python), ("python3.13", Python), ("python3.12", Python), ("python3.11", Python), ("python3.10", Python),
        ("python3.9", Python), ("python3.8", Python), ("python3.7", Python), ("python3.6", Python),
        ("nodejs24.x", NodeJs), ("nodejs22.x", NodeJs), ("nodejs20.x", NodeJs), ("nodejs18.x", NodeJs), ("nodejs16.x", NodeJs),
        ("nodejs14.x", NodeJs), ("nodejs12.x", NodeJs),
        ("dotnet10", Dotnet), ("dotnet9", Dotnet), ("dotnet8", Dotnet), ("dotnet7", Dotnet), ("dotnet6", Dotnet), ("dotnetcore3.1", Dotnet),
        ("provided.al2023", Provided), ("provided.al2", Provided), ("provided", Provided),
    ];

    private static readonly FrozenDictionary<string, string> ById = All.ToFrozenDictionary(r => r.Id, r => r.Language, StringComparer.Ordinal);

    /// <summary>Null when the id is not known.</summary>
    /// <param name="runtime">A Lambda runtime id, or a language when <paramref name="allowLanguage"/>.</param>
    /// <param name="allowLanguage">True for Hearth's own API; Lambda's knows ids only.</param>
    public static string? LanguageOf(string runtime, bool allowLanguage) =>
        ById.TryGetValue(runtime, out string? language) ? language
        : allowLanguage && Languages.Contains(runtime) ? runtime
        : null;
}
