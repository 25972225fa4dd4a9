using Hearth.Wire;

namespace Hearth.Adapter.Frames;

/// <summary>One event, until the next one comes.</summary>
internal sealed class Invocation
{
    public required uint Id { get; init; }

    public required string RequestId { get; init; }

    public required long DeadlineUnixMs { get; init; }

    public required string Arn { get; init; }

    public string? TraceId { get; init; }

    public string? ClientContext { get; init; }

    public string? CognitoIdentity { get; init; }

    public string? TenantId { get; init; }

    public string? ContentType { get; init; }

    /// <summary>Kept until it is answered: a runtime that asks again gets it again.</summary>
    public ReadOnlyMemory<byte> Payload { get; set; }

    /// <summary>Timestamps: when it came, when its answer began to come, and when that was complete.</summary>
    public long StartedAt { get; set; }

    public long AnsweringAt { get; set; }

    public long AnsweredAt { get; set; }

    /// <param name="keep">The frame's bytes stay as they are.</param>
    public static Invocation Of(in AgentFrame frame, bool keep) => new()
    {
        Id = frame.Id,
        RequestId = frame.RequestId.ToString(),
        DeadlineUnixMs = frame.DeadlineUnixMs,
        Arn = frame.InvokedFunctionArn.ToString(),
        TraceId = frame.TraceId.ToStringOrNull(),
        ClientContext = frame.ClientContext.ToStringOrNull(),
        CognitoIdentity = frame.CognitoIdentity.ToStringOrNull(),
        TenantId = frame.TenantId.ToStringOrNull(),
        ContentType = frame.ContentType.ToStringOrNull(),
        Payload = keep ? frame.Payload : frame.Payload.ToArray(),
    };
}
