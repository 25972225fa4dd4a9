namespace Hearth.ControlPlane.Functions;

/// <summary>Settings as a client sent them, through either adapter; null = not given.</summary>
public sealed record SettingsInput
{
    public string? FunctionName { get; init; }

    public string? Runtime { get; init; }

    public string? Handler { get; init; }

    public string? Role { get; init; }

    public string? Description { get; init; }

    public int? TimeoutSeconds { get; init; }

    public int? MemoryMb { get; init; }

    public int? EphemeralStorageMb { get; init; }

    public IReadOnlyDictionary<string, string>? Environment { get; init; }

    public IReadOnlyDictionary<string, string>? Tags { get; init; }

    public IReadOnlyList<string>? Architectures { get; init; }

    /// <summary>ARNs of layer versions.</summary>
    public IReadOnlyList<string>? Layers { get; init; }

    /// <summary>"" takes the target away.</summary>
    public string? DeadLetterTargetArn { get; init; }

    public string? TracingMode { get; init; }

    /// <summary>"python" besides "python3.12": Hearth's own API only.</summary>
    public bool AllowLanguageAsRuntime { get; init; }
}
