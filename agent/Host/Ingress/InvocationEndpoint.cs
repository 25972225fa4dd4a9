using System.Buffers;
using Hearth.Agent.Functions;
using Hearth.Agent.Reporting.Logs;
using Hearth.Agent.Scheduling;
using Hearth.Contracts;

namespace Hearth.Agent.Ingress;

/// <summary>Lambda's Invoke: HTTP to <see cref="Invocation"/> and back.</summary>
internal sealed class InvocationEndpoint(Catalogue catalogue, Scheduler scheduler)
{
    private readonly BodyBudget _bodies = BodyBudget.ForMachine();

    public async Task HandleAsync(HttpContext context, string functionName)
    {
        var requestId = Guid.NewGuid();
        context.Response.Headers[RequestIds.Header] = requestId.ToString();
        try
        {
            await InvokeAsync(context, functionName, requestId);
        }
        catch (LambdaException e)
        {
            await ErrorResponse.WriteAsync(context, e.Error);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException && context.RequestAborted.IsCancellationRequested)
        {
            context.Abort();
        }
        catch (BadHttpRequestException e)
        {
            await ErrorResponse.WriteAsync(context, new LambdaError(e.StatusCode, "InvalidRequestContentException", e.Message, LambdaErrorBody.TypeAndLowerCaseMessage));
        }
    }

    private async Task InvokeAsync(HttpContext context, string functionName, Guid requestId)
    {
        var request = context.Request;
        var qualifier = request.Query.TryGetValue("Qualifier", out var given) ? given.ToString() : null;
        var name = FunctionName.Parse(functionName, qualifier);
        var headers = InvocationHeaders.Parse(request);
        var function = Find(name);
        using var body = await InvocationBody.ReadAsync(request, _bodies);
        body.RequireJson();
        switch (headers.Type)
        {
            case InvocationType.DryRun:
                context.Response.StatusCode = StatusCodes.Status204NoContent;
                return;
            case InvocationType.Event:
                throw new LambdaException(LambdaError.NotSupported("Asynchronous invocation (X-Amz-Invocation-Type: Event)"));
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
            if (result.Rented is { } rented)
                ArrayPool<byte>.Shared.Return(rented);
        }
    }

    private FunctionRevision Find(in FunctionName name)
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
