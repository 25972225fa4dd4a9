using Hearth.Contracts;

namespace Hearth.ControlPlane.Queue;

/// <summary>What a client sent, checked by whoever took it in.</summary>
/// <param name="Payload">JSON, at most <see cref="EventLimits.MaxPayloadBytes"/>.</param>
/// <param name="TraceId">"" = none.</param>
/// <param name="ContentType">"" = none.</param>
public sealed record EventBody(byte[] Payload, string TraceId, string ContentType)
{
    /// <summary>What an event takes in memory beside its payload and texts.</summary>
    private const int Overhead = 200;

    /// <summary>Bytes of memory, near enough for a budget.</summary>
    public int Footprint => Payload.Length + (2 * (TraceId.Length + ContentType.Length)) + Overhead;

    /// <summary>The most that a body with such a payload may take.</summary>
    public static int LargestFootprint(int payloadBytes) => payloadBytes + (2 * (EventLimits.MaxTraceIdLength + EventLimits.MaxContentTypeLength)) + Overhead;
}

/// <summary>An event that asks for admission.</summary>
/// <param name="RequestId">Kept through all tries.</param>
/// <param name="Qualifier">As the client gave it, or null.</param>
/// <param name="Hops">How many destinations led here; 0 from a client.</param>
public sealed record NewEvent(Guid RequestId, string Function, string? Qualifier, EventBody Body, int Hops = 0);
