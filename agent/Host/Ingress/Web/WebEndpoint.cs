using System.Security.Cryptography;
using System.Text.Encodings.Web;
using System.Text.Json;
using Hearth.Agent.Functions;
using Hearth.Agent.Ingress.Web.Shapes;
using Hearth.Agent.Scheduling;
using Hearth.Contracts;

namespace Hearth.Agent.Ingress.Web;

/// <summary>Function URLs and routes: an HTTP request becomes an event in the shape that the function expects, and its answer an HTTP response.</summary>
internal sealed class WebEndpoint(Catalogue catalogue, Scheduler scheduler, IRequestSignatures signatures, BodyBudget bodies, TimeProvider time)
{
    private const string Iam = "AWS_IAM", ResponseStreaming = "RESPONSE_STREAM";

    // As recorded from AWS (2025-11) for a function URL with AuthType AWS_IAM.
    private static readonly LambdaError s_forbidden = new(
        403, "AccessDeniedException",
        "Forbidden. For troubleshooting Function URL authorization issues, see: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html",
        LambdaErrorBody.UpperCaseMessage);

    private static readonly JsonWriterOptions s_relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public Task HandleAsync(HttpContext context, WebTarget target) => ErrorResponse.GuardAsync(context, requestId => ServeAsync(context, target, requestId));

    private async Task ServeAsync(HttpContext context, WebTarget target, Guid requestId)
    {
        if (target.Url is null && target.Route is null)
        {
            await NotFoundAsync(context, target);
            return;
        }
        if (target.Url?.Cors is { } cors)
        {
            Cors.AddToAnswer(context, cors);
            if (Cors.IsPreflight(context.Request))
            {
                Cors.Answer(context, cors);
                return;
            }
        }
        var (name, qualifier, shape) = target.Url is { } url
            ? (url.FunctionName, url.Qualifier, EventShapes.Url)
            : (target.Route!.Route.FunctionName, target.Route.Route.Qualifier, EventShapes.Of(target.Route.Route.Shape) ?? throw new LambdaException(LambdaError.Service("This agent does not know the route's shape; upgrade it.")));
        var given = qualifier.Length == 0 ? null : qualifier;
        if (catalogue.Resolve(name, given) is not { } function)
        {
            await RefuseAsync(context, shape, target, name, given);
            return;
        }
        var isSigned = target.Url?.AuthType == Iam;
        // What the head gives away is refused before anything of the body is read.
        var isProved = isSigned && ProvesHead(context.Request);
        using var buffer = new EventBuffer(bodies, BodyOwner.Of(function.Name, isProved: isSigned));
        var traceId = RequestIds.Trace(context.Request, time);
        await WriteEventAsync(context, target, function, requestId.ToString(), traceId, shape, buffer, isSigned, isProved);
        var invocation = new Invocation(function, requestId, buffer.Written)
        {
            InvokedArn = FunctionArn.Qualify(function.Spec.FunctionArn, given),
            TraceId = traceId,
            ContentType = "application/json",
            Stream = target.Url?.InvokeMode == ResponseStreaming ? new ResponseStream() : null,
        };
        context.Response.Headers[RequestIds.TraceHeader] = traceId;
        if (scheduler.Submit(invocation) is { } refusal)
        {
            await WebAnswer.RefuseAsync(context, shape, refusal);
            return;
        }
        // The caller may leave; an invocation that has begun is finished all the same, and its event stays ours until then.
        await using var left = context.RequestAborted.UnsafeRegister(static (x, _) => ((Action)x!)(), () => scheduler.Abandon(invocation));
        if (invocation.Stream is { } stream)
            await WebAnswer.StreamAsync(context, invocation, stream, shape);
        else
            await WebAnswer.SendAsync(context, shape, await invocation.Completion);
    }

    private async Task WriteEventAsync(HttpContext context, WebTarget target, FunctionRevision function, string requestId, string traceId, IEventShape shape, EventBuffer buffer, bool isSigned, bool isProved)
    {
        // What needs no signature is the function's from the start: nobody is kept out by it but those who call the same one without any.
        var owner = isProved || !isSigned ? BodyOwner.Of(function.Name, isProved) : BodyOwner.Of(context.Connection);
        // Given back as soon as the event holds it.
        using var body = await InvocationBody.ReadAsync(context.Request, bodies, owner);
        var signer = isSigned ? RequireSigner(context.Request, body.Raw.Span, function.Name) : null;
        using var writer = new Utf8JsonWriter(buffer, s_relaxed);
        shape.WriteEvent(writer, new WebRequest(context, target, function, requestId, traceId, time.GetUtcNow(), body.Raw, signer));
    }

    private bool ProvesHead(HttpRequest request)
    {
        var head = signatures.CheckHead(request);
        return head.Refusal is { } refusal ? throw new LambdaException(Told(refusal)) : head.IsProved;
    }

    private Principal RequireSigner(HttpRequest request, ReadOnlySpan<byte> body, string function)
    {
        var outcome = signatures.Check(request, SHA256.HashData(body), "lambda:InvokeFunctionUrl", function);
        return outcome.Principal ?? throw new LambdaException(Told(outcome.Refusal!));
    }

    /// <summary>What is wrong with a signature is said; that there is none, or that it may not do this, a URL says in its own words.</summary>
    private static LambdaError Told(LambdaError refusal) => refusal is { Code: "InvalidSignatureException" or "UnrecognizedClientException" or "ServiceException" } ? refusal : s_forbidden;

    private async Task RefuseAsync(HttpContext context, IEventShape shape, WebTarget target, string name, string? qualifier)
    {
        if (!catalogue.IsLoaded)
            throw FunctionFinder.NotLoaded();
        if (target.Url is null)
        {
            await shape.Failed.WriteAsync(context, shape.Remaps);
            return;
        }
        var own = catalogue.Functions.FirstOrDefault();
        throw new LambdaException(LambdaError.FunctionNotFound(FunctionArn.Of(own?.Region ?? "us-east-1", own?.AccountId ?? "000000000000", name, qualifier)));
    }

    private static async Task NotFoundAsync(HttpContext context, WebTarget target)
    {
        // As recorded from AWS (2025-11) for a URL that is nobody's: it is not told apart from one that is not yours.
        var answer = target.ForUrl ? WebResponse.Of(403, "application/json", """{"Message":null}""") : WebResponse.Of(404, "application/json", """{"message":"Not Found"}""");
        if (target.ForUrl)
            context.Response.Headers[LambdaError.TypeHeader] = "AccessDeniedException";
        await answer.WriteAsync(context, remaps: false);
    }
}
