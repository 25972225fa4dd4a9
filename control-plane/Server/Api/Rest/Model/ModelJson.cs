using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Hearth.ControlPlane.Api.Rest.Model;

/// <summary>Checked JSON for the store: what the model knows of it and nothing else, so that its size has the model's bounds.</summary>
internal static class ModelJson
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The member of the call's body, or null when it is not given.</summary>
    public static string? Member(RestCall call, string name)
    {
        ModelMember member = call.Operation.Input!.Members.Find(m => m.Name == name) ?? throw new ArgumentException($"{call.Operation.Name} has no member {name}", nameof(name));
        JsonElement body = call.Body.Element;
        if (body.ValueKind != JsonValueKind.Object || !body.TryGetProperty(member.Wire, out JsonElement value) || value.ValueKind == JsonValueKind.Null)
            return null;
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, Options))
            Write(writer, value, member.Shape);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static void Write(Utf8JsonWriter writer, JsonElement value, Shape shape)
    {
        switch (shape.Kind)
        {
            case ShapeKind.Structure:
                writer.WriteStartObject();
                foreach (ModelMember member in shape.Members)
                {
                    if (!value.TryGetProperty(member.Wire, out JsonElement inner) || inner.ValueKind == JsonValueKind.Null)
                        continue;
                    writer.WritePropertyName(member.Wire);
                    Write(writer, inner, member.Shape);
                }

                writer.WriteEndObject();
                break;
            case ShapeKind.List:
                writer.WriteStartArray();
                foreach (JsonElement item in value.EnumerateArray())
                    Write(writer, item, shape.Element!);
                writer.WriteEndArray();
                break;
            case ShapeKind.Map:
                writer.WriteStartObject();
                // The last of several with one name, as everywhere.
                foreach (string key in value.EnumerateObject().Select(p => p.Name).Distinct())
                {
                    writer.WritePropertyName(key);
                    Write(writer, value.GetProperty(key), shape.Element!);
                }

                writer.WriteEndObject();
                break;
            default:
                value.WriteTo(writer);
                break;
        }
    }
}
