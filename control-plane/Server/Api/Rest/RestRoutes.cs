using Hearth.Contracts;
using Hearth.ControlPlane.Agents;

namespace Hearth.ControlPlane.Api.Rest;

/// <summary>Paths to operations.</summary>
public sealed class RestRoutes(FunctionEndpoints functions, CodeDownload code)
{
    private const int MaxSegments = 8;

    public Task RouteAsync(HttpContext http)
    {
        string path = http.Request.Path.Value ?? "/";
        string[] parts = path.Split('/', MaxSegments + 1, StringSplitOptions.RemoveEmptyEntries);
        string method = http.Request.Method;
        return (method, parts) switch
        {
            ("POST", ["2015-03-31", "functions"]) => functions.CreateAsync(http),
            ("GET", ["2015-03-31", "functions"]) => functions.ListAsync(http),
            ("GET", ["2015-03-31", "functions", var name]) => functions.GetAsync(http, name),
            ("DELETE", ["2015-03-31", "functions", var name]) => functions.DeleteAsync(http, name),
            ("GET", ["2015-03-31", "functions", var name, "configuration"]) => functions.GetConfigurationAsync(http, name),
            ("PUT", ["2015-03-31", "functions", var name, "configuration"]) => functions.UpdateConfigurationAsync(http, name),
            ("PUT", ["2015-03-31", "functions", var name, "code"]) => functions.UpdateCodeAsync(http, name),
            // The agent answers invocations; one that comes as far as here found none.
            ("POST", ["2015-03-31", "functions", _, "invocations"]) => throw AgentRegistry.NoneConnected(),
            ("GET", [CodeDownload.Prefix, var token]) => code.SendAsync(http, token),
            _ => throw new LambdaException(OtherOperations.Refuse(method, parts)),
        };
    }

}
