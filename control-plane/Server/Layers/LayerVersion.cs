using Hearth.ControlPlane.Functions;

namespace Hearth.ControlPlane.Layers;

/// <summary>One published version of a layer. Immutable, its policy excepted.</summary>
public sealed record LayerVersion
{
    public required string Layer { get; init; }

    public required long Version { get; init; }

    public required string Description { get; init; }

    public required string? License { get; init; }

    public required IReadOnlyList<string> Runtimes { get; init; }

    public required IReadOnlyList<string> Architectures { get; init; }

    /// <summary>Lower-case hex.</summary>
    public required string CodeSha256 { get; init; }

    public required long CodeSize { get; init; }

    public required long UnzippedSize { get; init; }

    public required DateTimeOffset Created { get; init; }

    /// <summary>Null when nobody else may use it.</summary>
    public PolicyDefinition? Policy { get; init; }
}
