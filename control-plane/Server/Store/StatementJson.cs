using System.Buffers;
using System.Collections.Immutable;
using System.Text.Json;
using Hearth.ControlPlane.Functions;

namespace Hearth.ControlPlane.Store;

/// <summary>A policy's statements as one JSON array in a column.</summary>
internal static class StatementJson
{
    public static byte[] Write(ImmutableList<PolicyStatement> statements)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartArray();
            foreach (PolicyStatement statement in statements)
                writer.WriteRawValue(statement.Json);
            writer.WriteEndArray();
        }

        return buffer.WrittenSpan.ToArray();
    }

    public static ImmutableList<PolicyStatement> Read(ReadOnlyMemory<byte> json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        return [.. document.RootElement.EnumerateArray().Select(s => new PolicyStatement(s.GetProperty("Sid").GetString()!, s.GetRawText()))];
    }
}
