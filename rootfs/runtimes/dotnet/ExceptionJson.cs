using System.Text.Encodings.Web;
using System.Text.Json;

namespace Hearth.Runtime;

/// <summary>An exception as AWS's .NET runtime tells it to the caller: errorType, errorMessage, stackTrace, cause, causes.</summary>
internal static class ExceptionJson
{
    private const int MaxDepth = 16;
    private static readonly JsonWriterOptions s_options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The text as recorded from AWS (2025-11).</summary>
    public static ReadOnlyMemory<byte> TooLarge { get; } =
        System.Text.Encoding.UTF8.GetBytes(
            $"{{\"errorMessage\":\"Response payload size exceeded maximum allowed payload size ({FramePipes.MaxPayload} bytes).\",\"errorType\":\"Function.ResponseSizeTooLarge\"}}");

    public static string TypeName(Exception exception) => exception.GetType().Name;

    public static ReadOnlyMemory<byte> Write(Exception exception)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, s_options))
            Write(writer, exception, 0);
        return buffer.ToArray();
    }

    public static IEnumerable<string> StackLines(Exception exception) =>
        (exception.StackTrace ?? "").Split('\n').Select(l => l.Trim()).Where(l => l.Length > 0 && !l.StartsWith("at Hearth.Runtime.", StringComparison.Ordinal));

    private static void Write(Utf8JsonWriter writer, Exception exception, int depth)
    {
        writer.WriteStartObject();
        writer.WriteString("errorType", TypeName(exception));
        writer.WriteString("errorMessage", exception.Message);
        var lines = StackLines(exception).ToList();
        if (lines.Count > 0)
        {
            writer.WriteStartArray("stackTrace");
            lines.ForEach(writer.WriteStringValue);
            writer.WriteEndArray();
        }
        if (depth < MaxDepth && exception.InnerException is { } inner)
        {
            writer.WritePropertyName("cause");
            Write(writer, inner, depth + 1);
        }
        if (depth < MaxDepth && exception is AggregateException many)
        {
            writer.WriteStartArray("causes");
            foreach (var one in many.InnerExceptions)
                Write(writer, one, depth + 1);
            writer.WriteEndArray();
        }
        writer.WriteEndObject();
    }
}
