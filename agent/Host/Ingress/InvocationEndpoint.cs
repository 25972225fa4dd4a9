using Google.Protobuf;
using Hearth.Agent.Functions;
using Hearth.Agent.Ingress.Signatures;
using Hearth.Agent.Reporting.Logs;
using Hearth.Agent.Scheduling;
using Hearth.Contracts;
using Hearth.Contracts.V1;

namespace Hearth.Agent.Ingress;

/// <summary>Lambda's Invoke: HTTP to <see cref="Invocation"/> and back.</summary>
internal sealed class InvocationEndpoint(Catalogue catalogue, Scheduler scheduler, RequestSignatures signatures, BodyBudget bodies, Func<EventOffer, ValueTask<LambdaError?>> offer)
{
    public async Task HandleAsync(HttpContext context, string functionName, bool isAsync)
    {
        var requestId = Guid.NewGuid();
        context.Response.Headers[RequestIds.Header] = requestId.ToString();
        try
        {
            await InvokeAsync(context, functionName, isAsync, requestId);
        }
        catch (Exception e) when (ErrorResponse.Explains(context, e, out var error))
        {
            await ErrorResponse.AnswerAsync(context, error);
        }
    }

    private async Task InvokeAsync(HttpContext context, string functionName, bool isAsync, Guid requestId)
    {
        var request = context.Request;
        var signed = signatures.Begin(request);
        // Whoever has not proved who it is learns nothing about functions: with keys the body comes first.
        using var early = signed is null ? null : await InvocationBody.ReadAsync(request, bodies);
        var qualifier = request.Query.TryGetValue("Qualifier", out var given) ? given.ToString() : null;
        var named = FunctionName.TryParse(functionName, qualifier, out var name);
        signed?.Require(early!.Raw.Span, isAsync ? "lambda:InvokeAsync" : "lambda:InvokeFunction", name.Name ?? "", name.Qualifier);
        if (named is not null)
            throw new LambdaException(named);
        var headers = InvocationHeaders.Parse(request);
        var function = Find(name);
        var isEvent = isAsync || headers.Type == InvocationType.Event;
        if (isEvent && request.ContentLength is > EventLimits.MaxPayloadBytes and <= InvocationBody.MaxLength and var announced)
            throw new LambdaException(LambdaError.EventTooLarge(announced));
        using var body = early ?? await InvocationBody.ReadAsync(request, bodies);
        body.RequireJson();
        if (isEvent)
        {
            await AcceptAsync(context, name, headers, body.Payload, requestId);
            return;
        }
        if (headers.Type == InvocationType.DryRun)
        {
            context.Response.StatusCode = StatusCodes.Status204NoContent;
            return;
        }
        var invocation = new Invocation(function, requestId, body.Payload)
        {
            InvokedArn = FunctionArn.Qualify(function.Spec.FunctionArn, name.Qualifier),
            TraceId = RequestIds.Trace(request, TimeProvider.System),
            ClientContext = headers.ClientContext,
            ContentType = headers.ContentType,
            Tail = headers.WantsTail ? new LogTail() : null,
        };
        if (scheduler.Submit(invocation) is { } refusal)
            throw new LambdaException(refusal);
        // The caller may leave; an invocation that has begun is finished all the same, and its payload stays ours until then.
        await using var left = context.RequestAborted.UnsafeRegister(static (x, _) => ((Action)x!)(), () => scheduler.Abandon(invocation));
        var result = await invocation.Completion;
        await AnswerAsync(context, invocation, result);
    }

    /// <summary>202 once the event is on the control plane's disk, and not before. A client that leaves meanwhile changes nothing.</summary>
    private async Task AcceptAsync(HttpContext context, FunctionName name, InvocationHeaders headers, ReadOnlyMemory<byte> payload, Guid requestId)
    {
        if (payload.Length > EventLimits.MaxPayloadBytes)
            throw new LambdaException(LambdaError.EventTooLarge(payload.Length));
        var trace = RequestIds.Trace(context.Request, TimeProvider.System);
        var refusal = await offer(new EventOffer
        {
            RequestId = UnsafeByteOperations.UnsafeWrap(requestId.ToByteArray(bigEndian: true)),
            FunctionName = name.Name,
            Qualifier = name.Qualifier ?? "",
            Payload = UnsafeByteOperations.UnsafeWrap(payload),
            TraceId = trace,
            ContentType = headers.ContentType ?? "",
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
            await response.Body.WriteAsync(result.Body, context.RequestAborted);
        }
        finally
        {
            result.Release();
        }
    }

    /// <exception cref="LambdaException">There is none, or it is not known yet.</exception>
    public FunctionRevision Find(FunctionName name)
    {
        if (!catalogue.IsLoaded)
            throw new LambdaException(LambdaError.Service("This node has just started and does not know its functions yet; try again.", 503));
        var function = catalogue.Resolve(name.Name, name.Qualifier);
        var own = catalogue.Functions.FirstOrDefault()?.Spec.FunctionArn.Split(':');
        var (region, account) = own is { Length: > 4 } ? (own[3], own[4]) : ("us-east-1", "000000000000");
        if (name.Region is { } asked && asked != region)
            throw new LambdaException(LambdaError.ResourceNotFound($"Functions from '{asked}' are not reachable in this region ('{region}')"));
        if (function is null || (name.Account is { } other && other != account))
            throw new LambdaException(LambdaError.FunctionNotFound(FunctionArn.Of(name.Region ?? region, name.Account ?? account, name.Name, name.Qualifier)));
        return function;
    }
}
