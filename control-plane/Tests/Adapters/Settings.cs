namespace Hearth.ControlPlane.Tests.Adapters;

/// <summary>What a case sends, whichever adapter it goes through.</summary>
internal sealed record Settings
{
    public string? Name { get; init; } = "f";

    public string? Runtime { get; init; } = "python3.12";

    public string? Handler { get; init; } = "app.handler";

    public string? Role { get; init; } = "arn:aws:iam::000000000000:role/r";

    public string? Description { get; init; }

    public int? Timeout { get; init; }

    public int? Memory { get; init; }

    public int? Tmp { get; init; }

    public string[]? Architectures { get; init; }

    public Dictionary<string, string>? Environment { get; init; }
}
