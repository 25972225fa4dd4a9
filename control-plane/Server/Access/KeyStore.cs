using System.Collections.Immutable;
using Hearth.Contracts.V1;
using Hearth.ControlPlane.Store;

namespace Hearth.ControlPlane.Access;

/// <summary>Access keys: read from an immutable snapshot without a lock, changed one at a time, on disk before anyone sees the change.</summary>
public sealed class KeyStore
{
    private static readonly RowTable<KeyDefinition> Rows = new(
        "access_keys", ["id", "secret", "role", "name", "functions", "enabled", "created"], 1,
        k => [k.Id, k.Secret, (int)k.Role, k.Name, string.Join(',', k.Functions), k.IsEnabled ? 1 : 0, k.Created.ToUnixTimeMilliseconds()],
        r => new KeyDefinition(
            r.GetString(0), r.GetString(1), (AccessRole)r.GetInt32(2), r.GetString(3), r.GetString(4) is { Length: > 0 } functions ? functions.Split(',') : [], r.GetInt32(5) != 0, r.Time(6)));

    private readonly Database _database;
    private readonly Lock _lock = new();
    private ImmutableSortedDictionary<string, KeyDefinition> _current;

    public KeyStore(Database database)
    {
        _database = database;
        _current = database.Read(Rows.ReadAll).ToImmutableSortedDictionary(k => k.Id, k => k, StringComparer.Ordinal);
    }

    /// <summary>Raised after a change is durable; must not block.</summary>
    public event Action? Changed;

    public ImmutableSortedDictionary<string, KeyDefinition> Current => Volatile.Read(ref _current);

    /// <summary>Adds, replaces or (null result) deletes one key.</summary>
    /// <param name="change">Gets the key, or null, and all of them; returns what it shall be, the same object for no change. May throw to refuse.</param>
    public KeyDefinition? Change(string id, Func<KeyDefinition?, ImmutableSortedDictionary<string, KeyDefinition>, KeyDefinition?> change)
    {
        lock (_lock)
        {
            KeyDefinition? before = _current.GetValueOrDefault(id);
            KeyDefinition? after = change(before, _current);
            if (ReferenceEquals(before, after))
                return after;
            _database.Write((connection, transaction) =>
            {
                if (after is null)
                    Rows.Delete(connection, transaction, before!);
                else
                    Rows.Upsert(connection, transaction, after);
                return 0;
            });
            Volatile.Write(ref _current, after is null ? _current.Remove(id) : _current.SetItem(id, after));
        }

        Changed?.Invoke();
        return Current.GetValueOrDefault(id);
    }
}
