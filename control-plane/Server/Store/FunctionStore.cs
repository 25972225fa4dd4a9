using System.Collections.Immutable;
using Hearth.ControlPlane.Functions;

namespace Hearth.ControlPlane.Store;

/// <summary>All functions: read from an immutable snapshot without a lock, changed one at a time, on disk before anyone sees the change.</summary>
public sealed class FunctionStore
{
    private readonly Database _database;
    private readonly Lock _lock = new();
    private ImmutableSortedDictionary<string, FunctionDefinition> _current;

    public FunctionStore(Database database)
    {
        _database = database;
        _current = database.Read(FunctionRows.ReadAll).ToImmutableSortedDictionary(f => f.Name, f => f, StringComparer.Ordinal);
    }

    /// <summary>Raised after a change is durable, in the order of changes, with the function's name; must not block.</summary>
    public event Action<string>? Changed;

    public ImmutableSortedDictionary<string, FunctionDefinition> Current => Volatile.Read(ref _current);

    /// <summary>Replaces, creates or (null result) deletes one function.</summary>
    /// <param name="change">Gets the function as it is, or null; returns what it shall be, the same object for no change. May throw to refuse.</param>
    public FunctionDefinition? Change(string name, Func<FunctionDefinition?, FunctionDefinition?> change)
    {
        lock (_lock)
        {
            FunctionDefinition? before = _current.GetValueOrDefault(name);
            FunctionDefinition? after = change(before);
            if (ReferenceEquals(before, after))
                return after;
            _database.Write((connection, transaction) =>
            {
                if (after is null)
                    FunctionRows.Delete(connection, transaction, name);
                else
                    FunctionRows.Upsert(connection, transaction, after);
                return 0;
            });
            Volatile.Write(ref _current, after is null ? _current.Remove(name) : _current.SetItem(name, after));
            Changed?.Invoke(name);
            return after;
        }
    }
}
