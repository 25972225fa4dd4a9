using System.Text.Json;
using Hearth.Adapter.Frames;

namespace Hearth.Adapter.Api;

/// <summary>Bodies of the Extensions API.</summary>
internal static class ExtensionEventJson
{
    private const int MaxEvents = 64;

    public static byte[] Registered(FunctionFacts facts, string? accountId) => Texts.Json(w =>
    {
        w.WriteString("functionName"u8, facts.Name);
        w.WriteString("functionVersion"u8, facts.Version);
        w.WriteString("handler"u8, facts.Handler);
        if (accountId is not null)
            w.WriteString("accountId"u8, accountId);
    });

    public static byte[] Invoke(Invocation invocation) => Texts.Json(w =>
    {
        w.WriteString("eventType"u8, "INVOKE"u8);
        w.WriteNumber("deadlineMs"u8, invocation.DeadlineUnixMs);
        w.WriteString("requestId"u8, invocation.RequestId);
        w.WriteString("invokedFunctionArn"u8, invocation.Arn);
        w.WriteStartObject("tracing"u8);
        w.WriteString("type"u8, "X-Amzn-Trace-Id"u8);
        w.WriteString("value"u8, invocation.TraceId ?? "");
        w.WriteEndObject();
    });

    /// <param name="deadlineUnixMs">When it is killed.</param>
    /// <param name="reason">spindown, timeout or failure.</param>
    public static byte[] Shutdown(long deadlineUnixMs, string reason) => Texts.Json(w =>
    {
        w.WriteString("eventType"u8, "SHUTDOWN"u8);
        w.WriteNumber("deadlineMs"u8, deadlineUnixMs);
        w.WriteString("shutdownReason"u8, reason);
    });

    /// <param name="body">Null when it was too long.</param>
    public static bool TryReadEvents(byte[]? body, out List<string> events, out string problem)
    {
        events = [];
        problem = "the body is too long";
        if (body is null)
            return false;
        try
        {
            using var document = JsonDocument.Parse(body);
            problem = "the body must be an object with a list of event names in \"events\"";
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                return false;
            if (document.RootElement.TryGetProperty("configurationKeys", out var keys) && keys is { ValueKind: JsonValueKind.Array } && keys.GetArrayLength() > 0)
            {
                problem = "configurationKeys are deprecated; use environment variables instead";
                return false;
            }
            if (!document.RootElement.TryGetProperty("events", out var list) || list.ValueKind == JsonValueKind.Null)
                return true;
            if (list.ValueKind != JsonValueKind.Array || list.GetArrayLength() > MaxEvents)
                return false;
            foreach (var item in list.EnumerateArray())
            {
                if (item.ValueKind != JsonValueKind.String)
                    return false;
                events.Add(item.GetString()!);
            }
            return true;
        }
        catch (JsonException e)
        {
            problem = e.Message;
            return false;
        }
    }
}
