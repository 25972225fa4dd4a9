using System.Buffers;
using System.IO.Pipelines;
using Hearth.Agent.Functions;
using Hearth.Agent.Ingress.Signatures;
using Hearth.Agent.Reporting.Logs;
using Hearth.Agent.Scheduling;
using Hearth.Contracts;

namespace Hearth.Agent.Ingress.EventStreams;

/// <summary>
/// Lambda's InvokeWithResponseStream. A function that does not stream answers with one chunk. A caller that reads slowly holds up the function; one that leaves does
/// not end it.
/// </summary>
/// <param name="find">The function that a name means; throws <see cref="LambdaException"/> when there is none.</param>
internal sealed class ResponseStreamEndpoint(Func<FunctionName, FunctionRevision> find, Scheduler scheduler, RequestSignatures signatures, BodyBudget bodies)
{
    private const string Operation = "InvokeWithResponseStream";

    public async Task HandleAsync(HttpContext context, string functionName)
    {
        var requestId = Guid.NewGuid();
        context.Response.Headers[RequestIds.Header] = requestId.ToString();
        try
        {
            await InvokeAsync(context, functionName, requestId);
        }
        catch (Exception e) when (ErrorResponse.Explains(context, e, out var error))
        {
            await ErrorResponse.AnswerAsync(context, error);
        }
    }

    private async Task InvokeAsync(HttpContext context, string functionName, Guid requestId)
    {
        var request = context.Request;
        var signed = signatures.Begin(request);
        // As for Invoke: with keys the body comes first.
        using var early = signed is null ? null : await InvocationBody.ReadAsync(request, bodies, Operation);
        var named = FunctionName.TryParse(functionName, request.Query.TryGetValue("Qualifier", out var given) ? given.ToString() : null, out var name);
        // Lambda has no action of its own for it.
        signed?.Require(early!.Raw.Span, "lambda:InvokeFunction", name.Name ?? "", name.Qualifier);
        if (named is not null)
            throw new LambdaException(named);
        var headers = InvocationHeaders.Parse(request, streamed: true);
        var function = find(name);
        using var body = early ?? await InvocationBody.ReadAsync(request, bodies, Operation);
        body.RequireJson();
        if (headers.Type == InvocationType.DryRun)
        {
            context.Response.StatusCode = StatusCodes.Status204NoContent;
            return;
        }
        var stream = new ResponseStream();
        var invocation = new Invocation(function, requestId, body.Payload)
        {
            InvokedArn = FunctionArn.Qualify(function.Spec.FunctionArn, name.Qualifier),
            TraceId = RequestIds.Trace(request, TimeProvider.System),
            ClientContext = headers.ClientContext,
            ContentType = headers.ContentType,
            Tail = headers.WantsTail ? new LogTail() : null,
            Stream = stream,
        };
        if (scheduler.Submit(invocation) is { } refusal)
            throw new LambdaException(refusal);
        await using var left = context.RequestAborted.UnsafeRegister(static (x, _) => ((Action)x!)(), () => scheduler.Abandon(invocation));
        await AnswerAsync(context, invocation, stream);
    }

    private static async Task AnswerAsync(HttpContext context, Invocation invocation, ResponseStream stream)
    {
        var output = context.Response.BodyWriter;
        InvocationResult result;
        try
        {
            await stream.Begun;
            if (stream.IsStreamed)
            {
                Begin(context, invocation);
                await CopyAsync(stream.Reader, output, context.RequestAborted);
            }
        }
        finally
        {
            // Also for a caller that left: the event stays ours until the function is done with it.
            await stream.Reader.CompleteAsync();
            result = await invocation.Completion;
        }
        try
        {
            if (result.Refusal is { } refusal && !stream.IsStreamed)
                throw new LambdaException(refusal);
            if (!stream.IsStreamed)
                Begin(context, invocation);
            if (!stream.IsStreamed && !result.IsFunctionError && result.Body.Length > 0)
                EventStreamMessage.PayloadChunk.Write(output, new ReadOnlySequence<byte>(result.Body));
            EventStreamMessage.InvokeComplete.Write(output, CompleteEvent.Write(result, invocation.Tail?.ToBase64()));
            await output.FlushAsync(context.RequestAborted);
        }
        finally
        {
            result.Release();
        }
    }

    private static void Begin(HttpContext context, Invocation invocation)
    {
        var response = context.Response;
        response.ContentType = "application/vnd.amazon.eventstream";
        response.Headers["X-Amz-Executed-Version"] = invocation.Function.Version;
        response.Headers[RequestIds.TraceHeader] = invocation.TraceId;
    }

    private static async Task CopyAsync(PipeReader from, PipeWriter to, CancellationToken aborted)
    {
        // The head at once: a client may wait for it before it reads what is still to be made.
        await to.FlushAsync(aborted);
        while (true)
        {
            var read = await from.ReadAsync(aborted);
            if (!read.Buffer.IsEmpty)
            {
                EventStreamMessage.PayloadChunk.Write(to, read.Buffer);
                from.AdvanceTo(read.Buffer.End);
                await to.FlushAsync(aborted);
            }
            else
            {
                from.AdvanceTo(read.Buffer.End);
            }
            if (read.IsCompleted)
                return;
        }
    }
}
