namespace Hearth.ControlPlane.Identity;

/// <summary>A role, kept for the tools that make one before a function. It grants nothing here: who may do what is said by the roles of access keys.</summary>
/// <param name="Attached">ARNs of managed policies, in the order in which they were attached.</param>
/// <param name="Inline">Documents by name.</param>
public sealed record Role(
    string Name, string Id, string Path, string TrustPolicy, string Description, int MaxSessionSeconds, string? PermissionsBoundary, IReadOnlyList<string> Attached,
    IReadOnlyDictionary<string, string> Inline, IReadOnlyDictionary<string, string> Tags, DateTimeOffset Created);

/// <summary>A managed policy.</summary>
/// <param name="Versions">1 to 5, oldest first.</param>
/// <param name="Default">Number of the version that counts, which is among them.</param>
/// <param name="Next">Number of the next one: those of deleted versions are not used again.</param>
public sealed record ManagedPolicy(
    string Arn, string Id, string Name, string Path, string Description, IReadOnlyList<PolicyVersion> Versions, int Default, int Next, IReadOnlyDictionary<string, string> Tags, DateTimeOffset Created)
{
    public PolicyVersion Current => Versions.First(v => v.Number == Default);
}

public sealed record PolicyVersion(int Number, string Document, DateTimeOffset Created)
{
    public string Id => $"v{Number}";
}
