namespace Hearth.ControlPlane.Functions;

/// <summary>One function as it is stored. Immutable: every change makes a new one.</summary>
public sealed record FunctionDefinition
{
    public required string Name { get; init; }

    /// <summary>As the user gave it: a Lambda runtime id, or a language.</summary>
    public required string Runtime { get; init; }

    public required string Language { get; init; }

    public required string Handler { get; init; }

    public required string Role { get; init; }

    public required string Description { get; init; }

    public required int TimeoutSeconds { get; init; }

    public required int MemoryMb { get; init; }

    public required int EphemeralStorageMb { get; init; }

    /// <summary>Null when the user never gave any, which Lambda tells apart from an empty set.</summary>
    public required IReadOnlyDictionary<string, string>? Environment { get; init; }

    public required IReadOnlyDictionary<string, string> Tags { get; init; }

    /// <summary>x86_64 or arm64.</summary>
    public required string Architecture { get; init; }

    /// <summary>Lower-case hex of the zip's SHA-256.</summary>
    public required string CodeSha256 { get; init; }

    /// <summary>Bytes of the zip.</summary>
    public required long CodeSize { get; init; }

    /// <summary>A uuid, new with every change of code or settings, and only then: agents start new instances for it.</summary>
    public required string RevisionId { get; init; }

    public required DateTimeOffset LastModified { get; init; }

    public required FunctionStatus Status { get; init; }

    public string CodeSha256Base64 => Convert.ToBase64String(Convert.FromHexString(CodeSha256));

    /// <summary>Lambda's format.</summary>
    public string LastModifiedText => LastModified.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'+0000'");
}
