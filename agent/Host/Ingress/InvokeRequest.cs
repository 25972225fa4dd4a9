using Hearth.Agent.Functions;
using Hearth.Agent.Ingress.Signatures;
using Hearth.Agent.Reporting.Logs;
using Hearth.Agent.Scheduling;
using Hearth.Contracts;

namespace Hearth.Agent.Ingress;

/// <summary>One of Lambda's three operations that run a function.</summary>
/// <param name="Name">As AWS's message of a request that is too large names it.</param>
/// <param name="Action">What the caller must be allowed.</param>
/// <param name="IsAlwaysEvent">Whatever the headers say.</param>
internal sealed record InvokeOperation(string Name, string Action, bool IsAlwaysEvent = false, bool IsStreamed = false)
{
    public static InvokeOperation Invoke { get; } = new("InvokeFunction", "lambda:InvokeFunction");

    public static InvokeOperation InvokeAsync { get; } = new("InvokeFunction", "lambda:InvokeAsync", IsAlwaysEvent: true);

    /// <summary>Lambda has no action of its own for it.</summary>
    public static InvokeOperation Stream { get; } = new("InvokeWithResponseStream", "lambda:InvokeFunction", IsStreamed: true);
}

/// <summary>A request to run a function, read and allowed. Its event is given back when it is disposed: not before the invocation is done with it.</summary>
internal sealed class InvokeRequest(FunctionName name, FunctionRevision function, InvocationHeaders headers, InvocationBody body, bool isEvent) : IDisposable
{
    public FunctionName Name => name;

    public InvocationHeaders Headers => headers;

    public ReadOnlyMemory<byte> Payload => body.Payload;

    public bool IsEvent => isEvent;

    public Invocation ToInvocation(HttpRequest request, Guid requestId, ResponseStream? stream = null) => new(function, requestId, body.Payload)
    {
        InvokedArn = FunctionArn.Qualify(function.Spec.FunctionArn, name.Qualifier),
        TraceId = RequestIds.Trace(request, TimeProvider.System),
        ClientContext = headers.ClientContext,
        ContentType = headers.ContentType,
        Tail = headers.WantsTail ? new LogTail() : null,
        Stream = stream,
    };

    public void Dispose() => body.Dispose();
}

/// <summary>Reads requests in the order in which nobody learns, or takes of the node, more than it may: who asks, what the head says of the signature, the body, what for.</summary>
internal sealed class InvokeReader(FunctionFinder functions, RequestSignatures signatures, BodyBudget bodies)
{
    /// <exception cref="LambdaException">It is refused.</exception>
    public async Task<InvokeRequest> ReadAsync(HttpRequest request, string functionName, InvokeOperation operation)
    {
        var signed = signatures.Begin(request);
        InvocationBody? body = null;
        try
        {
            var qualifier = request.Query.TryGetValue("Qualifier", out var given) ? given.ToString() : null;
            var named = FunctionName.TryParse(functionName, qualifier, out var name);
            var owner = BodyOwner.Of(name.Name ?? "", isProved: true);
            // Whoever has not proved who it is learns nothing about functions: with keys the body comes first.
            if (signed is not null)
                body = await InvocationBody.ReadAsync(request, bodies, signed.IsProved ? owner : BodyOwner.Of(request.HttpContext.Connection), operation.Name);
            signed?.Require(body!.Raw.Span, operation.Action, name.Name ?? "", name.Qualifier);
            body?.Prove(owner);
            if (named is not null)
                throw new LambdaException(named);
            var headers = InvocationHeaders.Parse(request, operation.IsStreamed);
            var function = functions.Find(name);
            var isEvent = operation.IsAlwaysEvent || headers.Type == InvocationType.Event;
            if (isEvent && request.ContentLength is > EventLimits.MaxPayloadBytes and <= InvocationBody.MaxLength and var announced)
                throw new LambdaException(LambdaError.EventTooLarge(announced));
            body ??= await InvocationBody.ReadAsync(request, bodies, owner, operation.Name);
            body.RequireJson();
            return new InvokeRequest(name, function, headers, body, isEvent);
        }
        catch
        {
            body?.Dispose();
            throw;
        }
    }
}
