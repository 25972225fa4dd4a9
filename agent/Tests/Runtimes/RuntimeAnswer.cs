using System.Text;
using System.Text.Json;
using Hearth.Wire;

namespace Hearth.Agent.Tests.Runtimes;

/// <summary>A copy of a frame from a runtime, to look at at leisure.</summary>
public sealed record RuntimeAnswer(FrameKind Kind, uint Id, string? ErrorType, string? ContentType, bool IsFatal, byte[] Payload, string? Cause = null, int ShutdownMs = 0)
{
    public static RuntimeAnswer Of(in RuntimeFrame frame) => new(
        frame.Kind, frame.Id, frame.Kind == FrameKind.Error ? frame.ErrorType.ToString() : null, frame.ContentType.ToStringOrNull(), frame.IsFatal,
        frame.Payload.ToArray(), frame.ErrorCause.ToStringOrNull(), frame.ShutdownMs);

    public string Text => Encoding.UTF8.GetString(Payload);

    public JsonElement Json => JsonSerializer.Deserialize<JsonElement>(Payload);

    public string? Message => Json.GetProperty("errorMessage").GetString();
}
