using Hearth.Contracts;
using Hearth.Contracts.Access;
using Hearth.ControlPlane.Access;
using Hearth.ControlPlane.Api.Rest.Identity;
using Hearth.ControlPlane.Api.Rest.Logs;
using Hearth.ControlPlane.Store;
using Microsoft.AspNetCore.Http.Features;

namespace Hearth.ControlPlane.Api.Rest;

/// <summary>AWS's APIs: Lambda's REST, and those at POST /. Every answer, refusals included, has its request id and, when it is an error, its service's type and body.</summary>
public sealed class RestApi(RestRoutes routes, LogsApi logs, QueryApi queries, KeyService keys, ILogger<RestApi> log)
{
    public async Task HandleAsync(HttpContext http)
    {
        http.Response.Headers["x-amzn-RequestId"] = Guid.NewGuid().ToString();
        try
        {
            // The socket is the agent's, which says whose a request is. Over TCP (--rest-port) nobody does.
            if (http.Connection.RemoteIpAddress is not null)
                TakeForLocal(http);
            else if (http.Request.Headers[CallerIdentity.Header] is [CallerIdentity.LocalText])
                RefuseLocalWithKeys();
            await (ProtocolOf(http) switch
            {
                ApiProtocol.Json => logs.HandleAsync(http),
                ApiProtocol.Query => queries.HandleAsync(http),
                _ => routes.RouteAsync(http),
            });
        }
        catch (LambdaException e)
        {
            await AnswerAsync(http, e.Error);
        }
        catch (BadHttpRequestException e)
        {
            await AnswerAsync(http, e.StatusCode == StatusCodes.Status413PayloadTooLarge
                ? LambdaError.EntityTooLarge("Request is too large")
                : LambdaError.InvalidRequestContent($"The request could not be read: {e.Message}"));
        }
        catch (Exception e) when (http.RequestAborted.IsCancellationRequested && e is OperationCanceledException or IOException)
        {
            // The client went away: there is no one to answer.
        }
        catch (Exception e)
        {
            log.LogError(e, "{Method} {Path} failed", http.Request.Method, http.Request.Path.Value);
            await AnswerAsync(http, StorageFailure.Describe(e));
        }
    }

    private void TakeForLocal(HttpContext http)
    {
        if (keys.Any)
            throw new LambdaException(LambdaError.AccessDenied("Access keys exist, so the REST API is served by agents only, which check signatures."));
        http.Request.Headers[CallerIdentity.Header] = CallerIdentity.LocalText;
    }

    /// <summary>An agent whose link was down when the first key was made goes on in local mode, and would make everybody on its machine the account's admin.</summary>
    private void RefuseLocalWithKeys()
    {
        if (keys.Any)
            throw new LambdaException(LambdaError.AccessDenied("Access keys exist, which this agent has not heard of yet: sign the request, and try again when the agent is connected to the control plane."));
    }

    private static ApiProtocol ProtocolOf(HttpContext http) => ApiProtocols.Of(
        http.Request.Method, http.Request.Path.Value, http.Request.Headers.ContainsKey(ApiProtocols.TargetHeader), http.Request.ContentType);

    private static async Task AnswerAsync(HttpContext http, LambdaError error)
    {
        if (http.Response.HasStarted)
        {
            http.Abort();
            return;
        }

        (http.Response.StatusCode, http.Response.ContentType, byte[] body) = ProtocolOf(http).Write(error, http.Response.Headers["x-amzn-RequestId"].ToString());
        http.Response.ContentLength = body.Length;
        http.Response.Headers[LambdaError.TypeHeader] = error.Code;
        // The rest of a body that was refused is not read; the connection cannot be used for another request.
        if (http.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody == true && error.Status == StatusCodes.Status413PayloadTooLarge)
            http.Response.Headers.Connection = "close";
        await http.Response.Body.WriteAsync(body, http.RequestAborted);
    }
}
