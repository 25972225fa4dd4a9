using Google.Protobuf;
using Hearth.Agent.Scheduling;
using Hearth.Contracts;
using Hearth.Contracts.V1;

namespace Hearth.Agent.Ingress;

/// <summary>Lambda's Invoke: HTTP to <see cref="Invocation"/> and back.</summary>
internal sealed class InvocationEndpoint(InvokeReader reader, Scheduler scheduler, Func<EventOffer, ValueTask<LambdaError?>> offer)
{
    public Task HandleAsync(HttpContext context, string functionName, bool isAsync) => ErrorResponse.GuardAsync(context, requestId => InvokeAsync(context, functionName, isAsync, requestId));

    private async Task InvokeAsync(HttpContext context, string functionName, bool isAsync, Guid requestId)
    {
        using var asked = await reader.ReadAsync(context.Request, functionName, isAsync ? InvokeOperation.InvokeAsync : InvokeOperation.Invoke);
        if (asked.IsEvent)
        {
            await AcceptAsync(context, asked, requestId);
            return;
        }
        if (asked.Headers.Type == InvocationType.DryRun)
        {
            context.Response.StatusCode = StatusCodes.Status204NoContent;
            return;
        }
        var invocation = asked.ToInvocation(context.Request, requestId);
        if (scheduler.Submit(invocation) is { } refusal)
            throw new LambdaException(refusal);
        // The caller may leave; an invocation that has begun is finished all the same, and its payload stays ours until then.
        await using var left = context.RequestAborted.UnsafeRegister(static (x, _) => ((Action)x!)(), () => scheduler.Abandon(invocation));
        var result = await invocation.Completion;
        await AnswerAsync(context, invocation, result);
    }

    /// <summary>202 once the event is on the control plane's disk, and not before. A client that leaves meanwhile changes nothing.</summary>
    private async Task AcceptAsync(HttpContext context, InvokeRequest asked, Guid requestId)
    {
        if (asked.Payload.Length > EventLimits.MaxPayloadBytes)
            throw new LambdaException(LambdaError.EventTooLarge(asked.Payload.Length));
        var trace = RequestIds.Trace(context.Request, TimeProvider.System);
        var refusal = await offer(new EventOffer
        {
            RequestId = UnsafeByteOperations.UnsafeWrap(requestId.ToByteArray(bigEndian: true)),
            FunctionName = asked.Name.Name,
            Qualifier = asked.Name.Qualifier ?? "",
            Payload = UnsafeByteOperations.UnsafeWrap(asked.Payload),
            TraceId = trace,
            ContentType = asked.Headers.ContentType ?? "",
        });
        if (refusal is not null)
            throw new LambdaException(refusal);
        context.Response.StatusCode = StatusCodes.Status202Accepted;
        context.Response.ContentLength = 0;
        context.Response.Headers[RequestIds.TraceHeader] = trace;
    }

    private static async Task AnswerAsync(HttpContext context, Invocation invocation, InvocationResult result)
    {
        if (result.Refusal is { } refusal)
            throw new LambdaException(refusal);
        try
        {
            var response = context.Response;
            response.ContentType = "application/json";
            response.ContentLength = result.Body.Length;
            response.Headers["X-Amz-Executed-Version"] = invocation.Function.Version;
            response.Headers[RequestIds.TraceHeader] = invocation.TraceId;
            if (result.IsFunctionError)
                response.Headers["X-Amz-Function-Error"] = "Unhandled";
            if (invocation.Tail is { } tail)
                response.Headers["X-Amz-Log-Result"] = tail.ToBase64();
            await AnswerBody.WriteAsync(context, result.Body);
        }
        finally
        {
            result.Release();
        }
    }
}
