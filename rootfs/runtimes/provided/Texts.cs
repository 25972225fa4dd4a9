using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Hearth.Wire;

namespace Hearth.Adapter;

/// <summary>Texts in the shapes that frames and Lambda's answers have.</summary>
internal static class Texts
{
    private static readonly JsonWriterOptions s_json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Without control characters, cut to <paramref name="most"/> bytes.</summary>
    public static string Label(string text, int most)
    {
        var builder = new StringBuilder(text.Length);
        var bytes = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            bytes += rune.Utf8SequenceLength;
            if (bytes > most)
                break;
            builder.Append(Rune.IsControl(rune) ? " " : rune.ToString());
        }
        return builder.ToString();
    }

    /// <summary>Null when it could not stand in an HTTP header of the agent's answer.</summary>
    public static string? ContentType(string? value)
    {
        if (string.IsNullOrEmpty(value) || value.Length > FrameLimits.MaxContentTypeLength)
            return null;
        return value.AsSpan().ContainsAnyExceptInRange(' ', '~') ? null : value;
    }

    /// <summary>A JSON object of these members.</summary>
    public static byte[] Json(Action<Utf8JsonWriter> members)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var writer = new Utf8JsonWriter(buffer, s_json))
        {
            writer.WriteStartObject();
            members(writer);
            writer.WriteEndObject();
        }
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>What a caller is told of a failure.</summary>
    public static byte[] ErrorJson(string errorType, string message) => Json(w =>
    {
        w.WriteString("errorType"u8, errorType);
        w.WriteString("errorMessage"u8, message);
    });
}
