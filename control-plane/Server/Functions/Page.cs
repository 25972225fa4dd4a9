namespace Hearth.ControlPlane.Functions;

/// <summary>One page of a list, and the marker that asks for the next; null on the last.</summary>
public sealed record Page<T>(IReadOnlyList<T> Items, string? NextMarker);
