namespace Hearth.ControlPlane.Queue;

/// <summary>What a client sent, checked by whoever took it in.</summary>
/// <param name="Payload">JSON, at most <see cref="Contracts.EventLimits.MaxPayloadBytes"/>.</param>
/// <param name="TraceId">"" = none.</param>
/// <param name="ContentType">"" = none.</param>
public sealed record EventBody(byte[] Payload, string TraceId, string ContentType);

/// <summary>An event that asks for admission.</summary>
/// <param name="RequestId">Kept through all tries.</param>
/// <param name="Qualifier">As the client gave it, or null.</param>
/// <param name="Hops">How many destinations led here; 0 from a client.</param>
public sealed record NewEvent(Guid RequestId, string Function, string? Qualifier, EventBody Body, int Hops = 0);
