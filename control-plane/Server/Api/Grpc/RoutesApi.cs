using Grpc.Core;
using Hearth.Contracts.V1;
using Hearth.ControlPlane.Functions;
using Hearth.ControlPlane.Routes;
using Route = Hearth.Contracts.V1.Route;

namespace Hearth.ControlPlane.Api.Grpc;

/// <summary>The Routes service.</summary>
public sealed class RoutesApi(RouteService routes, FunctionAddress address) : Contracts.V1.Routes.RoutesBase
{
    public override Task<Route> AddRoute(AddRouteRequest request, ServerCallContext context)
    {
        Route wanted = request.Route ?? new Route();
        RouteDefinition made = routes.Add(
            address.Parse(FunctionMessages.Given(wanted.FunctionName), FunctionMessages.Given(wanted.Qualifier)), wanted.Host, wanted.Method, wanted.Path, wanted.Shape);
        return Task.FromResult(MessageOf(made));
    }

    public override Task<ListRoutesResponse> ListRoutes(ListRoutesRequest request, ServerCallContext context)
    {
        var response = new ListRoutesResponse();
        response.Routes.AddRange(routes.List().Select(MessageOf));
        return Task.FromResult(response);
    }

    public override Task<RemoveRouteResponse> RemoveRoute(RemoveRouteRequest request, ServerCallContext context)
    {
        routes.Remove(request.RouteId);
        return Task.FromResult(new RemoveRouteResponse());
    }

    private static Route MessageOf(RouteDefinition route) => new()
    {
        RouteId = route.Id,
        Host = route.Host,
        Method = route.Method,
        Path = route.Path,
        FunctionName = route.Function,
        Qualifier = route.Qualifier ?? "",
        Shape = route.Shape,
    };
}
