namespace Hearth.Agent.Ingress;

/// <summary>
/// A whole body on its way to the client, in slices: Kestrel copies what it is given to send, and would hold a second time whatever is written at once. It disconnects a client that takes a
/// slice more slowly than <see cref="IngressLimits.LeastRate"/>, or than <see cref="IngressLimits.Grace"/>; a slice is large enough for the rate to be what counts.
/// </summary>
internal static class AnswerBody
{
    public const int Slice = 256 * 1024;

    /// <exception cref="OperationCanceledException">The client is gone, or was too slow.</exception>
    public static async Task WriteAsync(HttpContext context, ReadOnlyMemory<byte> body)
    {
        for (; body.Length > Slice; body = body[Slice..])
            await context.Response.Body.WriteAsync(body[..Slice], context.RequestAborted);
        await context.Response.Body.WriteAsync(body, context.RequestAborted);
    }
}
