using Hearth.Agent.Functions;
using Hearth.Agent.Spawning;

namespace Hearth.Agent.Ingress;

/// <summary>GET /healthz: 200 when invocations can be served, 503 when not; the control plane may be away.</summary>
internal sealed class HealthEndpoint(ISpawner spawner, Catalogue catalogue, Func<bool> isControlPlaneConnected)
{
    public async Task HandleAsync(HttpContext context)
    {
        var healthy = spawner.IsConnected && catalogue.IsLoaded;
        context.Response.StatusCode = healthy ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(
            $$"""{"healthy":{{Json(healthy)}},"spawner":{{Json(spawner.IsConnected)}},"controlPlane":{{Json(isControlPlaneConnected())}},"functions":{{catalogue.Functions.Count}}}""" + "\n",
            context.RequestAborted);
    }

    private static string Json(bool value) => value ? "true" : "false";
}
