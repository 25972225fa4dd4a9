using System.Buffers;
using System.IO.Pipelines;
using Hearth.Agent.Ingress.Web.Shapes;
using Hearth.Agent.Scheduling;
using Hearth.Contracts;

namespace Hearth.Agent.Ingress.Web;

/// <summary>What a function answered, whole or while it is made, as an HTTP response.</summary>
internal static class WebAnswer
{
    /// <summary>The function was not run.</summary>
    public static Task RefuseAsync(HttpContext context, IEventShape shape, LambdaError refusal) =>
        shape.Refused(refusal) is { } answer ? answer.WriteAsync(context, shape.Remaps) : ErrorResponse.WriteAsync(context, refusal);

    public static async Task SendAsync(HttpContext context, IEventShape shape, InvocationResult result)
    {
        try
        {
            await WriteAsync(context, shape, result);
        }
        finally
        {
            result.Release();
        }
    }

    /// <summary>Piece by piece as the function makes it; one that does not stream answers as ever.</summary>
    public static async Task StreamAsync(HttpContext context, Invocation invocation, ResponseStream stream, IEventShape shape)
    {
        InvocationResult result = default;
        try
        {
            try
            {
                await stream.Begun;
                if (stream.IsStreamed)
                    await CopyAsync(context, stream, shape);
            }
            finally
            {
                // Also for a caller that left: the event stays ours until the function is done with it.
                await stream.Reader.CompleteAsync();
                result = await invocation.Completion;
            }
            if (!stream.IsStreamed)
            {
                await WriteAsync(context, shape, result);
                return;
            }
        }
        finally
        {
            result.Release();
        }
        if (!context.Response.HasStarted)
            await shape.Failed.WriteAsync(context, shape.Remaps);
        else if (result.IsFunctionError || result.Refusal is not null)
            throw new CutOffException();
    }

    private static async Task WriteAsync(HttpContext context, IEventShape shape, InvocationResult result)
    {
        if (result.Refusal is { } refusal)
            await RefuseAsync(context, shape, refusal);
        else
            await ((result.IsFunctionError ? null : Read(shape, result)) ?? shape.Failed).WriteAsync(context, shape.Remaps);
    }

    private static WebResponse? Read(IEventShape shape, in InvocationResult result)
    {
        try
        {
            return result.ContentType == HttpPrelude.ContentType ? HttpPrelude.Read(result.Body) : shape.Read(result.Body);
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    /// <returns>When the stream has ended, however that was. Nothing is sent when its head cannot be understood.</returns>
    private static async Task CopyAsync(HttpContext context, ResponseStream stream, IEventShape shape)
    {
        var head = stream.ContentType == HttpPrelude.ContentType
            ? await ReadHeadAsync(stream.Reader, context.RequestAborted)
            : new WebResponse(200, [new("Content-Type", stream.ContentType is { Length: > 0 } type ? type : "application/octet-stream")], default);
        if (head is null)
            return;
        head.WriteHead(context.Response, shape.Remaps);
        if (head.HasNoBody)
        {
            await context.Response.StartAsync(context.RequestAborted);
            return;
        }
        var output = context.Response.BodyWriter;
        // The head at once: a client may wait for it before it reads what is still to be made.
        await AnswerBody.FlushAsync(context);
        while (true)
        {
            var read = await stream.Reader.ReadAsync(context.RequestAborted);
            var slice = read.Buffer.Length > AnswerBody.Slice ? read.Buffer.Slice(0, AnswerBody.Slice) : read.Buffer;
            foreach (var piece in slice)
                output.Write(piece.Span);
            await AnswerBody.FlushAsync(context);
            // Not before: what Kestrel holds of it meanwhile is not counted, and this is.
            stream.Reader.AdvanceTo(slice.End);
            if (read.IsCompleted && slice.Length == read.Buffer.Length)
                return;
        }
    }

    private static async Task<WebResponse?> ReadHeadAsync(PipeReader reader, CancellationToken aborted)
    {
        while (true)
        {
            var read = await reader.ReadAsync(aborted);
            if (HttpPrelude.FindEnd(read.Buffer, out var json) is { } body)
            {
                var head = Parse(json);
                reader.AdvanceTo(body);
                return head;
            }
            reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            if (read.IsCompleted || read.Buffer.Length > HttpPrelude.MaxLength)
                return null;
        }
    }

    private static WebResponse? Parse(in ReadOnlySequence<byte> json)
    {
        try
        {
            return HttpPrelude.Parse(json);
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }
}
