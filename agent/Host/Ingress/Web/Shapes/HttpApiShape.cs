using System.Text.Json;
using Hearth.Contracts;

namespace Hearth.Agent.Ingress.Web.Shapes;

/// <summary>API Gateway's HTTP API, payload format 2.0.</summary>
internal sealed class HttpApiShape : IEventShape
{
    public bool Remaps => false;

    public WebResponse Failed { get; } = WebResponse.Of(500, "application/json", """{"message":"Internal Server Error"}""");

    private static WebResponse Unavailable { get; } = WebResponse.Of(503, "application/json", """{"message":"Service Unavailable"}""");

    public void WriteEvent(Utf8JsonWriter writer, WebRequest request)
    {
        var route = request.Target.Route!.Route;
        var key = $"{route.Method} {route.Path}";
        writer.WriteStartObject();
        writer.WriteString("version"u8, "2.0"u8);
        writer.WriteString("routeKey"u8, key);
        writer.WriteString("rawPath"u8, request.Target.Path);
        writer.WriteString("rawQueryString"u8, request.Target.Query);
        EventJson.WriteCookies(writer, request);
        EventJson.WriteJoinedHeaders(writer, request);
        EventJson.WriteJoinedQuery(writer, request);
        EventJson.WriteContext2(writer, request, route.RouteId, request.AccountId, key);
        EventJson.WritePathParameters(writer, request, nullForNone: false);
        if (request.HasBody)
            EventJson.WriteBody(writer, request.Body.Span, EventJson.IsText(request.ContentType));
        else
            writer.WriteBoolean("isBase64Encoded"u8, false);
        writer.WriteEndObject();
    }

    public WebResponse? Read(ReadOnlyMemory<byte> answer, MadeBody body)
    {
        using var document = AnswerJson.TryParse(answer);
        return document is null ? null : Format2.Read(document.RootElement, "text/plain;charset=UTF-8", body);
    }

    public WebResponse? Refused(LambdaError error) => Unavailable;
}
