using Hearth.Contracts;
using Hearth.ControlPlane.Functions;

namespace Hearth.ControlPlane.Routes;

/// <summary>HTTP routes: the definitions. Agents serve them.</summary>
public sealed class RouteService(RouteStore store, FunctionService functions)
{
    private const int IdLength = 10;

    /// <param name="name">Must be there now; a route outlives its function, and then answers that it fails.</param>
    /// <exception cref="LambdaException">400, 404 for a function that is not there, 409 for a route that is.</exception>
    public RouteDefinition Add(FunctionName name, string host, string method, string path, string shape)
    {
        (host, method) = (host.ToLowerInvariant(), method.ToUpperInvariant());
        RouteRules.Check(host, method, path, shape);
        functions.Find(name);
        var route = new RouteDefinition(RandomText.Of(IdLength), host, method, path, name.Name, name.Qualifier, shape);
        store.Change(route.Id, (_, others) =>
        {
            if (others.Values.FirstOrDefault(r => r.Host == host && r.Method == method && r.Path == path) is { } twin)
                throw new LambdaException(LambdaError.ResourceConflict($"A route for {method} {host}{path} exists already: {twin.Id} leads to {twin.Function}."));
            if (others.Count >= RouteRules.MaxRoutes)
                throw new LambdaException(LambdaError.InvalidParameterValue($"There are {RouteRules.MaxRoutes} routes already, as many as are possible."));
            return route;
        });
        return route;
    }

    /// <summary>By host, path and method.</summary>
    public IEnumerable<RouteDefinition> List() => store.Current.Values
        .OrderBy(r => r.Host, StringComparer.Ordinal).ThenBy(r => r.Path, StringComparer.Ordinal).ThenBy(r => r.Method, StringComparer.Ordinal);

    /// <exception cref="LambdaException">404.</exception>
    public void Remove(string id) => store.Change(
        id, (route, _) => route is null ? throw new LambdaException(LambdaError.ResourceNotFound("There is no route with this id.")) : null);
}
