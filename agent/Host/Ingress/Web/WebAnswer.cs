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

    /// <summary>Gives the result back, and where another body was made of its own, before that is sent.</summary>
    public static async Task SendAsync(HttpContext context, IEventShape shape, InvocationResult result)
    {
        using var body = new MadeBody(result.Share);
        WebResponse? response = null;
        try
        {
            if ((result.Refusal ?? Read(shape, result, body, out response)) is { } refusal)
            {
                await RefuseAsync(context, shape, refusal);
                return;
            }
            if (result.ContentType != HttpPrelude.ContentType)
            {
                result.Release();
                result = default;
            }
            await (response ?? shape.Failed).WriteAsync(context, shape.Remaps);
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
                var whole = result;
                result = default;
                await SendAsync(context, shape, whole);
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

    /// <param name="response">Null when the function failed or its answer cannot be understood.</param>
    /// <returns>Null, or why there can be no response.</returns>
    private static LambdaError? Read(IEventShape shape, in InvocationResult result, MadeBody body, out WebResponse? response)
    {
        response = null;
        try
        {
            if (!result.IsFunctionError)
                response = result.ContentType == HttpPrelude.ContentType ? HttpPrelude.Read(result.Body) : shape.Read(result.Body, body);
            return null;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
        catch (LambdaException e)
        {
            return e.Error;
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
