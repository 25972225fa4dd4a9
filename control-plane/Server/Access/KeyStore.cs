using Hearth.Contracts.V1;
using Hearth.ControlPlane.Store;

namespace Hearth.ControlPlane.Access;

/// <summary>Access keys by id.</summary>
public sealed class KeyStore(Database database) : RowStore<KeyDefinition>(database, Rows, k => k.Id)
{
    private static readonly RowTable<KeyDefinition> Rows = new(
        "access_keys", ["id", "secret", "role", "name", "functions", "enabled", "created"], 1,
        k => [k.Id, k.Secret, (int)k.Role, k.Name, string.Join(',', k.Functions), k.IsEnabled ? 1 : 0, k.Created.ToUnixTimeMilliseconds()],
        r => new KeyDefinition(
            r.GetString(0), r.GetString(1), (AccessRole)r.GetInt32(2), r.GetString(3), r.GetString(4) is { Length: > 0 } functions ? functions.Split(',') : [], r.GetInt32(5) != 0, r.Time(6)));
}
