using Hearth.Contracts;

namespace Hearth.Agent.Ingress;

/// <summary>A <see cref="LambdaError"/> over HTTP, in the form that the request's service has for errors.</summary>
internal static class ErrorResponse
{
    public static async Task WriteAsync(HttpContext context, LambdaError error)
    {
        if (context.Response.HasStarted)
        {
            context.Abort();
            return;
        }
        var (request, response) = (context.Request, context.Response);
        if (!response.Headers.ContainsKey(RequestIds.Header))
            response.Headers[RequestIds.Header] = Guid.NewGuid().ToString();
        var protocol = ApiProtocols.Of(request.Method, request.Path.Value, request.Headers.ContainsKey(ApiProtocols.TargetHeader), request.ContentType);
        (response.StatusCode, response.ContentType, var body) = protocol.Write(error, response.Headers[RequestIds.Header].ToString());
        response.ContentLength = body.Length;
        response.Headers[LambdaError.TypeHeader] = error.Code;
        if (error.Code == "TooManyRequestsException")
            response.Headers.RetryAfter = "1";
        await response.Body.WriteAsync(body, context.RequestAborted);
    }
}
