using System.Collections.Immutable;
using Hearth.ControlPlane.Functions;
using Microsoft.Data.Sqlite;

namespace Hearth.ControlPlane.Store;

/// <summary>All functions: read from an immutable snapshot without a lock, changed one at a time, on disk before anyone sees the change.</summary>
public sealed class FunctionStore
{
    private readonly Database _database;
    private readonly Lock _lock = new();
    private ImmutableSortedDictionary<string, FunctionEntry> _current;
    private ulong _changes;

    public FunctionStore(Database database)
    {
        _database = database;
        _current = database.Read(Load);
    }

    /// <summary>Raised after a change is durable, in the order of changes, with the function's name and the change's number; must not block.</summary>
    public event Action<string, ulong>? Changed;

    /// <summary>Number of the last change that <see cref="Current"/> holds, counted since the start.</summary>
    public ulong Changes => Volatile.Read(ref _changes);

    public ImmutableSortedDictionary<string, FunctionEntry> Current => Volatile.Read(ref _current);

    /// <summary>Replaces, creates or (null result) deletes one function with all that is under its name.</summary>
    /// <param name="change">Gets the function as it is, or null; returns what it shall be, the same object for no change. May throw to refuse.</param>
    public FunctionEntry? Change(string name, Func<FunctionEntry?, FunctionEntry?> change)
    {
        lock (_lock)
        {
            FunctionEntry? before = _current.GetValueOrDefault(name);
            FunctionEntry? after = change(before);
            if (ReferenceEquals(before, after))
                return after;
            _database.Write((connection, transaction) =>
            {
                Write(connection, transaction, before, after);
                return 0;
            });
            Volatile.Write(ref _current, after is null ? _current.Remove(name) : _current.SetItem(name, after));
            Volatile.Write(ref _changes, _changes + 1);
            Changed?.Invoke(name, _changes);
            return after;
        }
    }

    /// <summary>Gives a change that is no function's (of access keys, say) its number in the order of all changes.</summary>
    /// <param name="use">Gets the number, in that order; must not block.</param>
    public void Count(Action<ulong> use)
    {
        lock (_lock)
        {
            Volatile.Write(ref _changes, _changes + 1);
            use(_changes);
        }
    }

    /// <summary>Runs while no function changes: what it sees of <see cref="Current"/> stays so until it returns.</summary>
    public void WhileUnchanged(Action work)
    {
        lock (_lock)
            work();
    }

    private static void Write(SqliteConnection connection, SqliteTransaction transaction, FunctionEntry? before, FunctionEntry? after)
    {
        if (after is not null)
            FunctionRows.Functions.Upsert(connection, transaction, after);
        else
            FunctionRows.Functions.Delete(connection, transaction, before!);
        FunctionRows.Versions.Sync(connection, transaction, before?.Versions, after?.Versions);
        FunctionRows.Aliases.Sync(connection, transaction, before?.Aliases, after?.Aliases);
        FunctionRows.Policies.Sync(connection, transaction, before?.Policies, after?.Policies);
        FunctionRows.Provisioned.Sync(connection, transaction, before?.Provisioned, after?.Provisioned);
        FunctionRows.EventInvoke.Sync(connection, transaction, before?.EventInvoke, after?.EventInvoke);
        FunctionRows.Urls.Sync(connection, transaction, before?.Urls, after?.Urls);
        FunctionRows.RuntimeManagement.Sync(connection, transaction, before?.RuntimeManagement, after?.RuntimeManagement);
    }

    private static ImmutableSortedDictionary<string, FunctionEntry> Load(SqliteConnection connection)
    {
        ILookup<string, FunctionDefinition> versions = FunctionRows.Versions.ReadAll(connection).ToLookup(v => v.Name);
        ILookup<string, AliasDefinition> aliases = FunctionRows.Aliases.ReadAll(connection).ToLookup(a => a.Function);
        ILookup<string, PolicyDefinition> policies = FunctionRows.Policies.ReadAll(connection).ToLookup(p => p.Function);
        ILookup<string, ProvisionedConcurrency> provisioned = FunctionRows.Provisioned.ReadAll(connection).ToLookup(p => p.Function);
        ILookup<string, EventInvokeConfig> events = FunctionRows.EventInvoke.ReadAll(connection).ToLookup(c => c.Function);
        ILookup<string, FunctionUrl> urls = FunctionRows.Urls.ReadAll(connection).ToLookup(u => u.Function);
        ILookup<string, RuntimeManagement> runtimes = FunctionRows.RuntimeManagement.ReadAll(connection).ToLookup(m => m.Function);
        return FunctionRows.Functions.ReadAll(connection).ToImmutableSortedDictionary(e => e.Name, e => e with
        {
            Versions = versions[e.Name].ToImmutableSortedDictionary(v => long.Parse(v.Version, System.Globalization.CultureInfo.InvariantCulture), v => v),
            Aliases = aliases[e.Name].ToImmutableSortedDictionary(a => a.Name, a => a, StringComparer.Ordinal),
            Policies = policies[e.Name].ToImmutableSortedDictionary(p => p.Qualifier, p => p, StringComparer.Ordinal),
            Provisioned = provisioned[e.Name].ToImmutableSortedDictionary(p => p.Qualifier, p => p, StringComparer.Ordinal),
            EventInvoke = events[e.Name].ToImmutableSortedDictionary(c => c.Qualifier, c => c, StringComparer.Ordinal),
            Urls = urls[e.Name].ToImmutableSortedDictionary(u => u.Qualifier, u => u, StringComparer.Ordinal),
            RuntimeManagement = runtimes[e.Name].ToImmutableSortedDictionary(m => m.Qualifier, m => m, StringComparer.Ordinal),
        }, StringComparer.Ordinal);
    }
}
