using System.Text.Json;

namespace Hearth.Agent.Ingress.Web.Shapes;

/// <summary>Answers of payload format 2.0.</summary>
internal static class Format2
{
    /// <param name="defaultType">Content type of an answer that names none.</param>
    /// <param name="body">Holds the response's.</param>
    /// <returns>Null when it cannot be understood.</returns>
    public static WebResponse? Read(JsonElement answer, string defaultType, MadeBody body)
    {
        if (answer.ValueKind != JsonValueKind.Object || !answer.TryGetProperty("statusCode"u8, out _))
            return AnswerJson.Inferred(answer, body);
        if (ReadHead(answer, defaultType) is not { } head || !AnswerJson.TryBody(answer, onlyText: false, body))
            return null;
        return head with { Body = body.Written };
    }

    /// <summary>Without a body: the prelude of a streamed answer, too.</summary>
    public static WebResponse? ReadHead(JsonElement answer, string defaultType)
    {
        List<KeyValuePair<string, string>> headers = [];
        if (!AnswerJson.TryStatus(answer, out var status) || !AnswerJson.TryHeaders(answer, headers) || !AnswerJson.TryCookies(answer, headers))
            return null;
        var head = new WebResponse(status, headers, default);
        if (!head.Has("Content-Type"))
            headers.Add(new("Content-Type", defaultType));
        return head;
    }
}
