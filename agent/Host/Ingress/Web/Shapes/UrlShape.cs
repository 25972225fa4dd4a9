using System.Text.Json;
using Hearth.Contracts;

namespace Hearth.Agent.Ingress.Web.Shapes;

/// <summary>Function URLs: payload format 2.0 as recorded from AWS, which leaves out what the developer guide shows as null.</summary>
internal sealed class UrlShape : IEventShape
{
    public bool Remaps => true;

    // Recorded in November 2025: these 21 bytes, though they say to be JSON.
    public WebResponse Failed { get; } = WebResponse.Of(502, "application/json", "Internal Server Error");

    public void WriteEvent(Utf8JsonWriter writer, WebRequest request)
    {
        writer.WriteStartObject();
        writer.WriteString("version"u8, "2.0"u8);
        writer.WriteString("routeKey"u8, "$default"u8);
        writer.WriteString("rawPath"u8, request.Target.Path);
        writer.WriteString("rawQueryString"u8, request.Target.Query);
        EventJson.WriteCookies(writer, request);
        EventJson.WriteJoinedHeaders(writer, request);
        EventJson.WriteJoinedQuery(writer, request);
        // Whoever need not sign is "anonymous" there.
        EventJson.WriteContext2(
            writer, request, request.Target.Url?.UrlId ?? request.Target.Route!.Route.RouteId, request.Signer is null ? "anonymous" : request.AccountId, "$default");
        if (request.HasBody)
            EventJson.WriteBody(writer, request.Body.Span, EventJson.IsText(request.ContentType));
        else
            writer.WriteBoolean("isBase64Encoded"u8, false);
        writer.WriteEndObject();
    }

    public WebResponse? Read(ReadOnlyMemory<byte> answer, MadeBody body)
    {
        using var document = AnswerJson.TryParse(answer);
        return document is null ? null : Format2.Read(document.RootElement, "application/json", body);
    }

    public WebResponse? Refused(LambdaError error) => null;
}
