using System.Text.Json;
using Hearth.Contracts;

namespace Hearth.Agent.Ingress.Web.Shapes;

/// <summary>API Gateway's REST API with proxy integration, payload format 1.0. Bodies of every type are text as long as they are.</summary>
internal sealed class RestApiShape : IEventShape
{
    private const string Stage = "prod";

    private static readonly string[] s_noIdentity =
    [
        "cognitoIdentityPoolId", "accountId", "cognitoIdentityId", "caller", "principalOrgId", "accessKey", "cognitoAuthenticationType", "cognitoAuthenticationProvider",
        "userArn", "user",
    ];

    public bool Remaps => true;

    public WebResponse Failed { get; } = new(
        502, [new("Content-Type", "application/json"), new(LambdaError.TypeHeader, "InternalServerErrorException")], """{"message": "Internal server error"}"""u8.ToArray());

    public void WriteEvent(Utf8JsonWriter writer, WebRequest request)
    {
        var (route, target) = (request.Target.Route!.Route, request.Target);
        var query = EventJson.Grouped(request.Query());
        writer.WriteStartObject();
        writer.WriteString("resource"u8, route.Path);
        writer.WriteString("path"u8, target.Path);
        writer.WriteString("httpMethod"u8, request.Method);
        EventJson.WriteLast(writer, "headers", request.Headers());
        EventJson.WriteAll(writer, "multiValueHeaders", request.Headers());
        if (query.Count == 0)
        {
            writer.WriteNull("queryStringParameters"u8);
            writer.WriteNull("multiValueQueryStringParameters"u8);
        }
        else
        {
            EventJson.WriteLast(writer, "queryStringParameters", query);
            EventJson.WriteAll(writer, "multiValueQueryStringParameters", query);
        }
        EventJson.WritePathParameters(writer, request, nullForNone: true);
        writer.WriteNull("stageVariables"u8);
        WriteContext(writer, request, route);
        if (request.HasBody)
        {
            EventJson.WriteBody(writer, request.Body.Span, isText: !request.HasContentEncoding);
        }
        else
        {
            writer.WriteNull("body"u8);
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
        var response = new WebResponse(status, headers, body.Written);
        if (!response.Has("Content-Type"))
            headers.Add(new("Content-Type", "application/json"));
        return response;
    }

    public WebResponse? Refused(LambdaError error) => Failed;

    private static void WriteContext(Utf8JsonWriter writer, WebRequest request, Contracts.V1.RouteSpec route)
    {
        writer.WriteStartObject("requestContext"u8);
        writer.WriteString("resourceId"u8, route.RouteId);
        writer.WriteString("resourcePath"u8, route.Path);
        writer.WriteString("httpMethod"u8, request.Method);
        writer.WriteString("extendedRequestId"u8, request.RequestId);
        writer.WriteString("requestTime"u8, EventJson.LogTime(request.Time));
        writer.WriteString("path"u8, request.Target.FullPath);
        writer.WriteString("accountId"u8, request.AccountId);
        writer.WriteString("protocol"u8, request.Protocol);
        writer.WriteString("stage"u8, Stage);
        writer.WriteString("domainPrefix"u8, request.Target.DomainName.Split('.')[0]);
        writer.WriteNumber("requestTimeEpoch"u8, request.Time.ToUnixTimeMilliseconds());
        writer.WriteString("requestId"u8, request.RequestId);
        writer.WriteStartObject("identity"u8);
        foreach (var member in s_noIdentity)
            writer.WriteNull(member);
        writer.WriteString("sourceIp"u8, request.SourceIp);
        writer.WriteString("userAgent"u8, request.UserAgent);
        writer.WriteEndObject();
        writer.WriteString("domainName"u8, request.Target.DomainName);
        writer.WriteString("apiId"u8, route.RouteId);
        writer.WriteEndObject();
    }
}
