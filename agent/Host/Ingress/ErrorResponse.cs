using Hearth.Contracts;

namespace Hearth.Agent.Ingress;

/// <summary>A <see cref="LambdaError"/> over HTTP, in the form that the request's service has for errors.</summary>
internal static class ErrorResponse
{
    /// <summary>Gives the request its id, serves it, and answers with what it was refused for.</summary>
    public static async Task GuardAsync(HttpContext context, Func<Guid, Task> serve)
    {
        var requestId = Guid.NewGuid();
        context.Response.Headers[RequestIds.Header] = requestId.ToString();
        try
        {
            await serve(requestId);
        }
        catch (Exception e) when (Explains(context, e, out var error))
        {
            await AnswerAsync(context, error);
        }
    }

    /// <summary>The ways in which a request fails that are not our fault.</summary>
    /// <param name="error">What to say; null when nobody is left to hear it.</param>
    private static bool Explains(HttpContext context, Exception exception, out LambdaError? error)
    {
        error = exception switch
        {
            LambdaException refused => refused.Error,
            OperationCanceledException or IOException when context.RequestAborted.IsCancellationRequested => null,
            BadHttpRequestException bad => Of(bad),
            _ => null,
        };
        return error is not null || (exception is OperationCanceledException or IOException && context.RequestAborted.IsCancellationRequested);
    }

    private static Task AnswerAsync(HttpContext context, LambdaError? error)
    {
        if (error is not null)
            return WriteAsync(context, error);
        context.Abort();
        return Task.CompletedTask;
    }

    /// <summary>Of a request that Kestrel could not read: malformed, broken off, or slower than the least rate (408).</summary>
    public static LambdaError Of(BadHttpRequestException bad) => new(bad.StatusCode, "InvalidRequestContentException", bad.Message, LambdaErrorBody.TypeAndLowerCaseMessage);

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
