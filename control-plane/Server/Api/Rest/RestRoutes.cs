using System.Collections.Frozen;
using Hearth.Contracts;
using Hearth.ControlPlane.Agents;
using Hearth.ControlPlane.Api.Rest.Model;
using Hearth.ControlPlane.Functions;
using Hearth.ControlPlane.Store;

namespace Hearth.ControlPlane.Api.Rest;

/// <summary>Paths to operations, by the service model: each request is checked against it before its handler sees it.</summary>
public sealed class RestRoutes
{
    private const int MaxSegments = 8;

    private readonly LambdaModel _model;
    private readonly RequestBody _bodies;
    private readonly CodeDownload _code;
    private readonly FunctionStore _functions;
    private readonly AgentRegistry _agents;
    private readonly FunctionAddress _address;
    private readonly FrozenDictionary<string, Func<RestCall, RestAnswer>> _handlers;

    public RestRoutes(LambdaModel model, RequestBody bodies, CodeDownload code, FunctionStore functions, AgentRegistry agents, FunctionAddress address, IEnumerable<IRestOperations> groups)
    {
        _model = model;
        _bodies = bodies;
        _code = code;
        _functions = functions;
        _agents = agents;
        _address = address;
        _handlers = groups.SelectMany(g => g.Handlers).ToFrozenDictionary(h => h.Operation, h => h.Handler, StringComparer.Ordinal);
    }

    public async Task RouteAsync(HttpContext http)
    {
        string[] parts = (http.Request.Path.Value ?? "/").Split('/', MaxSegments + 1, StringSplitOptions.RemoveEmptyEntries);
        if (http.Request.Method == "GET" && parts is [CodeDownload.Prefix, var token])
        {
            await _code.SendAsync(http, token);
            return;
        }

        if (_model.Find(http.Request.Method, parts, http.Request.QueryString.Value ?? "") is not (var operation, var path))
            throw new LambdaException(new LambdaError(404, "UnknownOperationException", "No operation of Lambda's API has this method and path.", LambdaErrorBody.LowerCaseMessage));
        // The agent answers invocations; one that comes as far as here found none.
        if (operation.Name is "Invoke" or "InvokeAsync")
            throw AgentRegistry.NoneConnected();
        if (!_handlers.TryGetValue(operation.Name, out Func<RestCall, RestAnswer>? handler))
            throw new LambdaException(LambdaError.NotSupported(operation.Name));
        Caller caller = Caller.Of(http, _address);
        // Read to its end, wanted or not: the agent ends a request properly only when its signature was right.
        if (!operation.HasBody)
            await RequestBody.SkipAsync(http);
        RestAnswer answer = operation.HasBody
            ? await _bodies.UseAsync(http, operation.Name, !operation.NeedsBody, body => Handle(handler, new RestCall(http, operation, path, body), caller))
            : Handle(handler, new RestCall(http, operation, path, default), caller);
        if (operation.Method != "GET")
            await _agents.SettleAsync(_functions.Changes, http.RequestAborted);
        await answer.SendAsync(http);
    }

    private static RestAnswer Handle(Func<RestCall, RestAnswer> handler, RestCall call, Caller caller)
    {
        caller.Require($"lambda:{call.Operation.Name}", call.Subject);
        InputCheck.Check(call);
        return handler(call);
    }
}
