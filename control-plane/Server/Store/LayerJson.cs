using System.Buffers;
using System.Text.Json;
using Hearth.ControlPlane.Functions;

namespace Hearth.ControlPlane.Store;

/// <summary>A function's layers as one JSON array in a column; null for none.</summary>
internal static class LayerJson
{
    public static byte[]? Write(IReadOnlyList<LayerUse> layers)
    {
        if (layers.Count == 0)
            return null;
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartArray();
            foreach (LayerUse layer in layers)
            {
                writer.WriteStartObject();
                writer.WriteString("arn", layer.Arn);
                writer.WriteString("sha256", layer.Sha256);
                writer.WriteNumber("size", layer.CodeSize);
                writer.WriteNumber("unzipped", layer.UnzippedSize);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
        }

        return buffer.WrittenSpan.ToArray();
    }

    public static IReadOnlyList<LayerUse> Read(ReadOnlyMemory<byte> json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        return
        [
            .. document.RootElement.EnumerateArray().Select(l => new LayerUse(
                l.GetProperty("arn").GetString()!, l.GetProperty("sha256").GetString()!, l.GetProperty("size").GetInt64(), l.GetProperty("unzipped").GetInt64())),
        ];
    }
}
