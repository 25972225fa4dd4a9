using System.Collections.Immutable;
using Hearth.ControlPlane.Store;

namespace Hearth.ControlPlane.Routes;

/// <summary>All routes by id: read from an immutable snapshot without a lock, changed one at a time, on disk before anyone sees the change.</summary>
public sealed class RouteStore
{
    private static readonly RowTable<RouteDefinition> Rows = new(
        "routes", ["id", "host", "method", "path", "function", "qualifier", "shape"], 1,
        r => [r.Id, r.Host, r.Method, r.Path, r.Function, r.Qualifier, r.Shape],
        r => new RouteDefinition(r.GetString(0), r.GetString(1), r.GetString(2), r.GetString(3), r.GetString(4), r.Text(5), r.GetString(6)));

    private readonly Database _database;
    private readonly Lock _lock = new();
    private ImmutableSortedDictionary<string, RouteDefinition> _current;

    public RouteStore(Database database)
    {
        _database = database;
        _current = database.Read(Rows.ReadAll).ToImmutableSortedDictionary(r => r.Id, r => r, StringComparer.Ordinal);
    }

    /// <summary>Raised after a change is durable; must not block.</summary>
    public event Action? Changed;

    public ImmutableSortedDictionary<string, RouteDefinition> Current => Volatile.Read(ref _current);

    /// <param name="check">Sees the others while nothing changes; may throw to refuse.</param>
    public void Add(RouteDefinition route, Action<ImmutableSortedDictionary<string, RouteDefinition>> check)
    {
        lock (_lock)
        {
            check(_current);
            _database.Write((connection, transaction) =>
            {
                Rows.Upsert(connection, transaction, route);
                return 0;
            });
            Volatile.Write(ref _current, _current.Add(route.Id, route));
        }

        Changed?.Invoke();
    }

    /// <returns>False when there is none.</returns>
    public bool Remove(string id)
    {
        lock (_lock)
        {
            if (!_current.TryGetValue(id, out RouteDefinition? route))
                return false;
            _database.Write((connection, transaction) =>
            {
                Rows.Delete(connection, transaction, route);
                return 0;
            });
            Volatile.Write(ref _current, _current.Remove(id));
        }

        Changed?.Invoke();
        return true;
    }
}
