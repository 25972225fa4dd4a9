using Hearth.ControlPlane.Store;

namespace Hearth.ControlPlane.Routes;

/// <summary>Routes by id.</summary>
public sealed class RouteStore(Database database) : RowStore<RouteDefinition>(database, Rows, r => r.Id)
{
    private static readonly RowTable<RouteDefinition> Rows = new(
        "routes", ["id", "host", "method", "path", "function", "qualifier", "shape"], 1,
        r => [r.Id, r.Host, r.Method, r.Path, r.Function, r.Qualifier, r.Shape],
        r => new RouteDefinition(r.GetString(0), r.GetString(1), r.GetString(2), r.GetString(3), r.GetString(4), r.Text(5), r.GetString(6)));
}
