namespace Hearth.ControlPlane.Identity;

/// <summary>A role, kept for the tools that make one before a function. It grants nothing here: who may do what is said by the roles of access keys.</summary>
/// <param name="Attached">ARNs of managed policies, in the order in which they were attached.</param>
/// <param name="Inline">Documents by name.</param>
public sealed record Role(
    string Name, string Id, string Path, string TrustPolicy, string Description, int MaxSessionSeconds, string? PermissionsBoundary, IReadOnlyList<string> Attached,
    IReadOnlyDictionary<string, string> Inline, IReadOnlyDictionary<string, string> Tags, DateTimeOffset Created);

/// <summary>A customer-managed policy; it has one version.</summary>
public sealed record ManagedPolicy(string Arn, string Id, string Name, string Path, string Description, string Document, IReadOnlyDictionary<string, string> Tags, DateTimeOffset Created)
{
    public const string Version = "v1";
}
