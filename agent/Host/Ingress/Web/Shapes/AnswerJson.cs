using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Hearth.Agent.Ingress.Web.Shapes;

/// <summary>Parts of answers that the shapes share. Everything here is a function's own word: nothing of it is believed.</summary>
/// <exception cref="InvalidOperationException">A text holds half of a surrogate pair, which is JSON and cannot be a string.</exception>
internal static class AnswerJson
{
    /// <summary>Names; each is looked for among the headers that there are.</summary>
    private const int MaxMultiValueHeaders = 1_000;

    private const int MaxDepth = 1000;
    private const int MaxHeaders = 256;
    private static readonly JsonWriterOptions s_compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <returns>Null when it is no JSON.</returns>
    public static JsonDocument? TryParse(ReadOnlyMemory<byte> answer)
    {
        try
        {
            return JsonDocument.Parse(answer, new JsonDocumentOptions { MaxDepth = MaxDepth });
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>statusCode, a number or one in quotes, of 200 to 599.</summary>
    public static bool TryStatus(JsonElement answer, out int status)
    {
        status = 0;
        if (!answer.TryGetProperty("statusCode"u8, out var given))
            return false;
        var read = given.ValueKind switch
        {
            JsonValueKind.Number => given.TryGetInt32(out status) || (given.TryGetDouble(out var number) && number == (status = (int)Math.Clamp(number, 0, 1000))),
            JsonValueKind.String => int.TryParse(given.GetString(), NumberStyles.None, CultureInfo.InvariantCulture, out status),
            _ => false,
        };
        return read && status is >= 200 and <= 599;
    }

    /// <summary>headers: one value a name.</summary>
    public static bool TryHeaders(JsonElement answer, List<KeyValuePair<string, string>> into)
    {
        if (!answer.TryGetProperty("headers"u8, out var headers) || headers.ValueKind == JsonValueKind.Null)
            return true;
        return headers.ValueKind == JsonValueKind.Object && headers.EnumerateObject().All(h => h.Value.ValueKind == JsonValueKind.Null || Add(into, h.Name, h.Value));
    }

    /// <summary>multiValueHeaders: a list a name. They stand for those of the same name in <paramref name="into"/>.</summary>
    public static bool TryMultiValueHeaders(JsonElement answer, List<KeyValuePair<string, string>> into)
    {
        if (!answer.TryGetProperty("multiValueHeaders"u8, out var headers) || headers.ValueKind == JsonValueKind.Null)
            return true;
        if (headers.ValueKind != JsonValueKind.Object)
            return false;
        var count = 0;
        foreach (var header in headers.EnumerateObject())
        {
            if (header.Value.ValueKind == JsonValueKind.Null)
                continue;
            if (header.Value.ValueKind != JsonValueKind.Array)
                return false;
            if (++count > MaxMultiValueHeaders)
                return false;
            var name = header.Name;
            into.RemoveAll(h => h.Key.Equals(name, StringComparison.OrdinalIgnoreCase));
            if (!header.Value.EnumerateArray().All(value => Add(into, name, value)))
                return false;
        }
        return true;
    }

    /// <summary>cookies of format 2.0: a Set-Cookie each.</summary>
    public static bool TryCookies(JsonElement answer, List<KeyValuePair<string, string>> into)
    {
        if (!answer.TryGetProperty("cookies"u8, out var cookies) || cookies.ValueKind == JsonValueKind.Null)
            return true;
        return cookies.ValueKind == JsonValueKind.Array && cookies.EnumerateArray().All(cookie => cookie.ValueKind == JsonValueKind.String && Add(into, "Set-Cookie", cookie));
    }

    /// <param name="onlyText">A body that is no string is refused; else it is sent as JSON.</param>
    /// <param name="body">Empty before.</param>
    public static bool TryBody(JsonElement answer, bool onlyText, MadeBody body)
    {
        if (!answer.TryGetProperty("body"u8, out var given) || given.ValueKind == JsonValueKind.Null)
            return true;
        if (given.ValueKind != JsonValueKind.String)
        {
            if (!onlyText)
                WriteCompact(given, body);
            return !onlyText;
        }
        WriteText(given, body);
        return !answer.TryGetProperty("isBase64Encoded"u8, out var encoded) || encoded.ValueKind != JsonValueKind.True || body.TryDecodeBase64();
    }

    /// <summary>An answer without statusCode, in format 2.0: 200, and the JSON is the body; of a string its text.</summary>
    public static WebResponse Inferred(JsonElement answer, MadeBody body)
    {
        if (answer.ValueKind == JsonValueKind.String)
            WriteText(answer, body);
        else
            WriteCompact(answer, body);
        return new WebResponse(200, [new("Content-Type", "application/json")], body.Written);
    }

    private static void WriteCompact(JsonElement value, MadeBody body)
    {
        using var writer = new Utf8JsonWriter(body, s_compact);
        value.WriteTo(writer);
    }

    // Not through a string, which would be twice as large and counted by nobody.
    private static void WriteText(JsonElement text, MadeBody body)
    {
        var quoted = JsonMarshal.GetRawUtf8Value(text);
        var reader = new Utf8JsonReader(quoted);
        reader.Read();
        body.Advance(reader.CopyString(body.GetSpan(quoted.Length)));
    }

    private static bool Add(List<KeyValuePair<string, string>> into, string name, JsonElement value)
    {
        var text = value.ValueKind switch
        {
            JsonValueKind.String => value.GetString(),
            JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => value.GetRawText(),
            _ => null,
        };
        if (text is null || into.Count >= MaxHeaders || !WebResponse.IsHeader(name, text))
            return false;
        into.Add(new(name, text));
        return true;
    }
}
