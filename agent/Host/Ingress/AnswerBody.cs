using System.IO.Pipelines;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Hearth.Agent.Ingress;

/// <summary>
/// A body on its way to the client, in slices: Kestrel copies what it is given to send, and would hold a second time whatever is written at once. It disconnects a client that on average takes
/// less than <see cref="IngressLimits.LeastRate"/>; but whoever took much quickly may by that reckoning stand still for hours. So each slice has a time of its own as well.
/// </summary>
internal static class AnswerBody
{
    /// <summary>Larger than what the least rate makes of the grace.</summary>
    public const int Slice = 256 * 1024;

    /// <exception cref="OperationCanceledException">The client is gone, or was too slow.</exception>
    public static async Task WriteAsync(HttpContext context, ReadOnlyMemory<byte> body)
    {
        for (; body.Length > Slice; body = body[Slice..])
            await WriteSliceAsync(context, body[..Slice], context.RequestAborted);
        await WriteSliceAsync(context, body, context.RequestAborted);
    }

    /// <param name="slice">At most <see cref="Slice"/>.</param>
    public static ValueTask WriteSliceAsync(HttpContext context, ReadOnlyMemory<byte> slice, CancellationToken cancellationToken)
    {
        var write = context.Response.BodyWriter.WriteAsync(slice, cancellationToken);
        return write.IsCompletedSuccessfully ? default : WaitAsync(context, write);
    }

    /// <summary>Of at most a slice that was written.</summary>
    public static ValueTask FlushAsync(HttpContext context)
    {
        var flush = context.Response.BodyWriter.FlushAsync(context.RequestAborted);
        return flush.IsCompletedSuccessfully ? default : WaitAsync(context, flush);
    }

    private static async ValueTask WaitAsync(HttpContext context, ValueTask<FlushResult> taken)
    {
        using var limit = new CancellationTokenSource();
        await using var late = limit.Token.UnsafeRegister(static x => ((HttpContext)x!).Abort(), context);
        // As Kestrel has it from our limits; null on a test's own server.
        if (context.Features.Get<IHttpMinResponseDataRateFeature>()?.MinDataRate is { } rate)
            limit.CancelAfter(rate.GracePeriod + TimeSpan.FromSeconds(Slice / rate.BytesPerSecond));
        await taken;
    }
}
