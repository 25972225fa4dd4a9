using System.Text.Json;
using Hearth.Contracts;
using Microsoft.Extensions.Primitives;

namespace Hearth.Agent.Ingress.Web.Shapes;

/// <summary>An application load balancer's target group; its query parameters are not decoded, as AWS's are not.</summary>
/// <param name="multi">Multi-value headers are on: only the lists are there.</param>
internal sealed class LoadBalancerShape(bool multi) : IEventShape
{
    public bool Remaps => false;

    public WebResponse Failed { get; } = WebResponse.Of(
        502, "text/html", "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n");

    public void WriteEvent(Utf8JsonWriter writer, WebRequest request)
    {
        var headers = request.Headers().Select(static h => new KeyValuePair<string, StringValues>(EventJson.Name(h.Key), h.Value));
        var query = EventJson.Grouped(request.Query(decode: false));
        writer.WriteStartObject();
        writer.WriteStartObject("requestContext"u8);
        writer.WriteStartObject("elb"u8);
        writer.WriteString("targetGroupArn"u8, $"arn:aws:elasticloadbalancing:{request.Region}:{request.AccountId}:targetgroup/hearth/{request.Target.Route!.Route.RouteId}");
        writer.WriteEndObject();
        writer.WriteEndObject();
        writer.WriteString("httpMethod"u8, request.Method);
        writer.WriteString("path"u8, request.Target.Path);
        if (multi)
        {
            EventJson.WriteAll(writer, "multiValueQueryStringParameters", query);
            EventJson.WriteAll(writer, "multiValueHeaders", headers);
        }
        else
        {
            EventJson.WriteLast(writer, "queryStringParameters", query);
            EventJson.WriteLast(writer, "headers", headers);
        }
        if (request.HasBody)
        {
            EventJson.WriteBody(writer, request.Body.Span, !request.HasContentEncoding && EventJson.IsText(request.ContentType));
        }
        else
        {
            writer.WriteString("body"u8, ""u8);
            writer.WriteBoolean("isBase64Encoded"u8, false);
        }
        writer.WriteEndObject();
    }

    public WebResponse? Read(ReadOnlyMemory<byte> answer, MadeBody body)
    {
        using var document = AnswerJson.TryParse(answer);
        List<KeyValuePair<string, string>> headers = [];
        if (document is null || document.RootElement is not { ValueKind: JsonValueKind.Object } root || !AnswerJson.TryStatus(root, out var status)
            || !AnswerJson.TryHeaders(root, headers) || !AnswerJson.TryMultiValueHeaders(root, headers) || !AnswerJson.TryBody(root, onlyText: true, body))
            return null;
        var response = new WebResponse(status, headers, body.Written, Reason(root, status));
        if (!response.Has("Content-Type"))
            headers.Add(new("Content-Type", "application/octet-stream"));
        return response;
    }

    public WebResponse? Refused(LambdaError error) => Failed;

    // "statusDescription": "200 OK"
    private static string? Reason(JsonElement answer, int status) =>
        answer.TryGetProperty("statusDescription"u8, out var text) && text.ValueKind == JsonValueKind.String && text.GetString() is { Length: <= 128 } said
        && said.StartsWith($"{status} ", StringComparison.Ordinal) && said.All(static c => c is >= ' ' and <= '~') ? said[4..] : null;
}
