namespace Hearth.ControlPlane.Functions;

/// <summary>One version of a function as it is stored. Immutable: every change makes a new one.</summary>
public sealed record FunctionDefinition
{
    public required string Name { get; init; }

    /// <summary>"$LATEST" or the number of a published one.</summary>
    public string Version { get; init; } = Contracts.FunctionName.Latest;

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

    /// <summary>Bytes of its contents; 0 when it was uploaded before they were counted.</summary>
    public long UnzippedSize { get; init; }

    /// <summary>At most five, mounted together at /opt in this order.</summary>
    public IReadOnlyList<LayerUse> Layers { get; init; } = [];

    public string? DeadLetterTargetArn { get; init; }

    /// <summary>PassThrough or Active; kept for clients, nothing is traced.</summary>
    public string TracingMode { get; init; } = "PassThrough";

    /// <summary>Of a published version: what <see cref="VersionRules.ContentOf"/> said of $LATEST when it was published.</summary>
    public string? PublishedFrom { get; init; }

    /// <summary>A uuid, new with every change of code or settings, and only then: agents start new instances for it.</summary>
    public required string RevisionId { get; init; }

    public required DateTimeOffset LastModified { get; init; }

    public required FunctionStatus Status { get; init; }

    public string CodeSha256Base64 => Convert.ToBase64String(Convert.FromHexString(CodeSha256));

    /// <summary>Lambda's format.</summary>
    public string LastModifiedText => LambdaTime.Of(LastModified);
}
