using System.Collections.Immutable;

namespace Hearth.ControlPlane.Store;

/// <summary>The rows of one table by their key: read from an immutable snapshot without a lock, changed one at a time, on disk before anyone sees the change.</summary>
public class RowStore<T>
    where T : class
{
    private readonly Database _database;
    private readonly RowTable<T> _table;
    private readonly Lock _lock = new();
    private ImmutableSortedDictionary<string, T> _current;

    /// <param name="key">The row's primary key.</param>
    internal RowStore(Database database, RowTable<T> table, Func<T, string> key)
    {
        _database = database;
        _table = table;
        _current = database.Read(table.ReadAll).ToImmutableSortedDictionary(key, row => row, StringComparer.Ordinal);
    }

    /// <summary>Raised after a change is durable; must not block.</summary>
    public event Action? Changed;

    public ImmutableSortedDictionary<string, T> Current => Volatile.Read(ref _current);

    /// <summary>Adds, replaces or (null result) deletes one row.</summary>
    /// <param name="change">Gets the row, or null, and all of them, while none changes; returns what it shall be, the same object for no change. May throw to refuse.</param>
    /// <returns>What it has become.</returns>
    public T? Change(string key, Func<T?, ImmutableSortedDictionary<string, T>, T?> change)
    {
        T? after;
        lock (_lock)
        {
            T? before = _current.GetValueOrDefault(key);
            after = change(before, _current);
            if (ReferenceEquals(before, after))
                return after;
            _database.Write((connection, transaction) =>
            {
                if (after is null)
                    _table.Delete(connection, transaction, before!);
                else
                    _table.Upsert(connection, transaction, after);
                return 0;
            });
            Volatile.Write(ref _current, after is null ? _current.Remove(key) : _current.SetItem(key, after));
        }

        Changed?.Invoke();
        return after;
    }
}
