using Hearth.Contracts.V1;

namespace Hearth.ControlPlane.Access;

/// <param name="Secret">Kept as it is: a signature can only be checked by who can make it. The database is the control plane's user's alone.</param>
/// <param name="Functions">Of role INVOKE: only these; none = all.</param>
public sealed record KeyDefinition(
    string Id, string Secret, AccessRole Role, string Name, IReadOnlyList<string> Functions, bool IsEnabled, DateTimeOffset Created)
{
    /// <summary>Without the secret, as this goes to logs.</summary>
    public override string ToString() => $"{Id} ({Name}, {Role})";
}
