using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Hearth.Agent.Scheduling;

namespace Hearth.Agent.Ingress.EventStreams;

/// <summary>The JSON of InvokeComplete: how the invocation ended. Members that say nothing are left out, as AWS does.</summary>
internal static class CompleteEvent
{
    /// <summary>As Invoke's X-Amz-Function-Error: AWS's answers know no other value.</summary>
    private const string Unhandled = "Unhandled";

    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static ReadOnlySequence<byte> Write(in InvocationResult result, string? logResult)
    {
        var json = new ArrayBufferWriter<byte>(256);
        using (var writer = new Utf8JsonWriter(json, Options))
        {
            writer.WriteStartObject();
            if (result.Refusal is { } refusal)
            {
                // Something of ours failed while the answer was under way.
                writer.WriteString("ErrorCode"u8, refusal.Code);
                writer.WriteString("ErrorDetails"u8, refusal.Message);
            }
            else if (result.IsFunctionError)
            {
                writer.WriteString("ErrorCode"u8, Unhandled);
                // Not the bytes as they are: a runtime may post what is no UTF-8.
                writer.WriteString("ErrorDetails"u8, Encoding.UTF8.GetString(result.Body.Span));
            }
            if (logResult is not null)
                writer.WriteString("LogResult"u8, logResult);
            writer.WriteEndObject();
        }
        return new ReadOnlySequence<byte>(json.WrittenMemory);
    }
}
