using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Hearth.Contracts;

namespace Hearth.ControlPlane.Queue;

/// <summary>What a destination gets: Lambda's invocation record, version 1.0 (developer guide, "Configuring destinations"; recorded answers of AWS).</summary>
public static class InvocationRecord
{
    // AWS sends quotes and non-ASCII as they are.
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, MaxDepth = EventLimits.MaxJsonDepth + 2 };

    /// <param name="functionArn">Qualified.</param>
    /// <param name="outcome">Of the last try; null when there was none.</param>
    public static byte[] Write(QueuedEvent e, string functionArn, string condition, byte[] payload, RunOutcome? outcome, DateTimeOffset now)
    {
        var buffer = new ArrayBufferWriter<byte>(payload.Length + 1_024);
        using (var json = new Utf8JsonWriter(buffer, Options))
        {
            json.WriteStartObject();
            json.WriteString("version", "1.0");
            json.WriteString("timestamp", now.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
            json.WriteStartObject("requestContext");
            json.WriteString("requestId", e.RequestId.ToString());
            json.WriteString("functionArn", functionArn);
            json.WriteString("condition", condition);
            json.WriteNumber("approximateInvokeCount", e.Tries + (outcome is { IsSuccess: true } ? 1 : 0));
            json.WriteEndObject();
            json.WritePropertyName("requestPayload");
            Value(json, payload);
            if (outcome is { Ran: true })
                Answer(json, outcome);
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    private static void Answer(Utf8JsonWriter json, RunOutcome outcome)
    {
        json.WriteStartObject("responseContext");
        json.WriteNumber("statusCode", outcome.Status);
        json.WriteString("executedVersion", outcome.ExecutedVersion);
        if (outcome.FunctionError.Length > 0)
            json.WriteString("functionError", outcome.FunctionError);
        json.WriteEndObject();
        json.WritePropertyName("responsePayload");
        Value(json, outcome.Response.Span);
    }

    /// <summary>As it came when it is JSON, which an answer of a function need not be; then as text.</summary>
    private static void Value(Utf8JsonWriter json, ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
            json.WriteNullValue();
        else if (IsJson(bytes))
            json.WriteRawValue(bytes, skipInputValidation: true);
        else
            json.WriteStringValue(System.Text.Encoding.UTF8.GetString(bytes));
    }

    private static bool IsJson(ReadOnlySpan<byte> bytes)
    {
        try
        {
            EventPayload.RequireJson(bytes);
            return true;
        }
        catch (LambdaException)
        {
            return false;
        }
    }
}
