using Hearth.Contracts.V1;

namespace Hearth.Cli.Keys;

/// <summary>Roles as people write them.</summary>
internal static class KeyText
{
    public static AccessRole RoleOf(string text) => text switch
    {
        "admin" => AccessRole.Admin,
        "deploy" => AccessRole.Deploy,
        "invoke" => AccessRole.Invoke,
        _ => AccessRole.Unspecified,
    };

    public static string Of(AccessRole role) => role switch
    {
        AccessRole.Admin => "admin",
        AccessRole.Deploy => "deploy",
        AccessRole.Invoke => "invoke",
        _ => "?",
    };
}
