using System.Text.Json.Nodes;

namespace Hearth.ControlPlane.EventSources;

/// <summary>An event source and the function that gets its batches.</summary>
/// <param name="Qualifier">Null for the function itself.</param>
/// <param name="SourceArn">Null for a self-managed source.</param>
/// <param name="Settings">The other members of Lambda's structure as a JSON object, checked when it came.</param>
public sealed record EventSourceMapping(string Uuid, string Function, string? Qualifier, string? SourceArn, bool Enabled, string Settings, DateTimeOffset LastModified)
{
    public JsonObject Members => JsonNode.Parse(Settings)!.AsObject();
}
