using System.Text.Json.Nodes;

namespace Hearth.NativeTests.Escape;

/// <param name="Refused">The forbidden thing did not happen.</param>
/// <param name="How">By which errno or signal, or what was granted.</param>
internal sealed record Finding(string Name, bool Refused, string How)
{
    public static Finding Parse(string text)
    {
        var json = JsonNode.Parse(text)!;
        return new(json["name"]!.GetValue<string>(), json["refused"]!.GetValue<bool>(), json["how"]!.GetValue<string>());
    }
}
