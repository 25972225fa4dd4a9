using System.Buffers;
using System.IO.Pipelines;
using Hearth.Agent.Scheduling;
using Hearth.Contracts;

namespace Hearth.Agent.Ingress.EventStreams;

/// <summary>
/// Lambda's InvokeWithResponseStream. A function that does not stream answers when it has ended. A caller that reads slowly holds up the function; one that leaves does
/// not end it.
/// </summary>
internal sealed class ResponseStreamEndpoint(InvokeReader reader, Scheduler scheduler)
{
    public Task HandleAsync(HttpContext context, string functionName) => ErrorResponse.GuardAsync(context, requestId => InvokeAsync(context, functionName, requestId));

    private async Task InvokeAsync(HttpContext context, string functionName, Guid requestId)
    {
        using var asked = await reader.ReadAsync(context.Request, functionName, InvokeOperation.Stream);
        if (asked.Headers.Type == InvocationType.DryRun)
        {
            context.Response.StatusCode = StatusCodes.Status204NoContent;
            return;
        }
        var stream = new ResponseStream();
        var invocation = asked.ToInvocation(context.Request, requestId, stream);
        if (scheduler.Submit(invocation) is { } refusal)
            throw new LambdaException(refusal);
        await using var left = context.RequestAborted.UnsafeRegister(static (x, _) => ((Action)x!)(), () => scheduler.Abandon(invocation));
        await AnswerAsync(context, invocation, stream);
    }

    private static async Task AnswerAsync(HttpContext context, Invocation invocation, ResponseStream stream)
    {
        InvocationResult result = default;
        try
        {
            try
            {
                await stream.Begun;
                if (stream.IsStreamed)
                {
                    Begin(context, invocation);
                    await CopyAsync(context, stream.Reader);
                }
            }
            finally
            {
                // Also for a caller that left: the event stays ours until the function is done with it.
                await stream.Reader.CompleteAsync();
                result = await invocation.Completion;
            }
            await EndAsync(context, invocation, stream, result);
        }
        finally
        {
            result.Release();
        }
    }

    private static async Task EndAsync(HttpContext context, Invocation invocation, ResponseStream stream, InvocationResult result)
    {
        var output = context.Response.BodyWriter;
        if (!stream.IsStreamed)
        {
            if (result.Refusal is { } refusal)
                throw new LambdaException(refusal);
            Begin(context, invocation);
            for (var body = result.IsFunctionError ? default : result.Body; !body.IsEmpty; body = body[Math.Min(body.Length, AnswerBody.Slice)..])
            {
                EventStreamMessage.PayloadChunk.Write(output, new ReadOnlySequence<byte>(body[..Math.Min(body.Length, AnswerBody.Slice)]));
                await AnswerBody.FlushAsync(context);
            }
        }
        EventStreamMessage.InvokeComplete.Write(output, CompleteEvent.Write(result, invocation.Tail?.ToBase64()));
        await AnswerBody.FlushAsync(context);
    }

    private static void Begin(HttpContext context, Invocation invocation)
    {
        var response = context.Response;
        response.ContentType = "application/vnd.amazon.eventstream";
        response.Headers["X-Amz-Executed-Version"] = invocation.Function.Version;
        response.Headers[RequestIds.TraceHeader] = invocation.TraceId;
    }

    private static async Task CopyAsync(HttpContext context, PipeReader from)
    {
        // The head at once: a client may wait for it before it reads what is still to be made.
        await AnswerBody.FlushAsync(context);
        while (true)
        {
            var read = await from.ReadAsync(context.RequestAborted);
            var piece = read.Buffer.Length > AnswerBody.Slice ? read.Buffer.Slice(0, AnswerBody.Slice) : read.Buffer;
            if (!piece.IsEmpty)
            {
                EventStreamMessage.PayloadChunk.Write(context.Response.BodyWriter, piece);
                await AnswerBody.FlushAsync(context);
            }
            // Not before: what Kestrel holds of it meanwhile is not counted, and this is.
            from.AdvanceTo(piece.End);
            if (read.IsCompleted && piece.Length == read.Buffer.Length)
                return;
        }
    }
}
