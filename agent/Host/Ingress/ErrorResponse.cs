using Hearth.Contracts;

namespace Hearth.Agent.Ingress;

/// <summary>A <see cref="LambdaError"/> over HTTP.</summary>
internal static class ErrorResponse
{
    public static async Task WriteAsync(HttpContext context, LambdaError error)
    {
        if (context.Response.HasStarted)
        {
            context.Abort();
            return;
        }
        var body = error.ToJson();
        var response = context.Response;
        response.StatusCode = error.Status;
        response.ContentType = "application/json";
        response.ContentLength = body.Length;
        response.Headers[LambdaError.TypeHeader] = error.Code;
        if (!response.Headers.ContainsKey(RequestIds.Header))
            response.Headers[RequestIds.Header] = Guid.NewGuid().ToString();
        if (error.Code == "TooManyRequestsException")
            response.Headers.RetryAfter = "1";
        await response.Body.WriteAsync(body, context.RequestAborted);
    }
}
