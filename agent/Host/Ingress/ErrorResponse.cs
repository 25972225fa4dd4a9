using Hearth.Contracts;

namespace Hearth.Agent.Ingress;

/// <summary>A <see cref="LambdaError"/> over HTTP, in the form that the request's service has for errors.</summary>
internal static class ErrorResponse
{
    /// <summary>The ways in which a request fails that are not our fault.</summary>
    /// <param name="error">What to say; null when nobody is left to hear it.</param>
    public static bool Explains(HttpContext context, Exception exception, out LambdaError? error)
    {
        error = exception switch
        {
            LambdaException refused => refused.Error,
            OperationCanceledException or IOException when context.RequestAborted.IsCancellationRequested => null,
            BadHttpRequestException bad => new LambdaError(bad.StatusCode, "InvalidRequestContentException", bad.Message, LambdaErrorBody.TypeAndLowerCaseMessage),
            _ => null,
        };
        return error is not null || (exception is OperationCanceledException or IOException && context.RequestAborted.IsCancellationRequested);
    }

    public static Task AnswerAsync(HttpContext context, LambdaError? error)
    {
        if (error is not null)
            return WriteAsync(context, error);
        context.Abort();
        return Task.CompletedTask;
    }

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
