using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Hearth.ControlPlane.Store;

/// <summary>A map of strings as JSON, keys in order, so that equal maps are equal bytes.</summary>
internal static class StringMap
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static byte[] ToJson(IReadOnlyDictionary<string, string> map)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, Options))
        {
            writer.WriteStartObject();
            foreach ((string key, string value) in map.OrderBy(p => p.Key, StringComparer.Ordinal))
                writer.WriteString(key, value);
            writer.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    public static IReadOnlyDictionary<string, string> FromJson(ReadOnlyMemory<byte> json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        var map = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (JsonProperty property in document.RootElement.EnumerateObject())
            map[property.Name] = property.Value.GetString() ?? "";
        return map;
    }
}
