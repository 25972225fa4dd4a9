using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.Unicode;
using Microsoft.Extensions.Primitives;

namespace Hearth.Agent.Ingress.Web.Shapes;

/// <summary>Parts of events that the shapes share.</summary>
internal static class EventJson
{
    /// <summary>Access log time: 12/Mar/2020:19:03:58 +0000.</summary>
    public static string LogTime(DateTimeOffset time) => time.UtcDateTime.ToString("dd/MMM/yyyy:HH:mm:ss", CultureInfo.InvariantCulture) + " +0000";

    /// <summary>Types that API Gateway's payload format 2.0, function URLs and load balancers pass on as text; the others are base64.</summary>
    public static bool IsText(string contentType) =>
        contentType.StartsWith("text/", StringComparison.OrdinalIgnoreCase) || contentType.Contains("json", StringComparison.OrdinalIgnoreCase)
        || contentType.Contains("xml", StringComparison.OrdinalIgnoreCase) || contentType.Contains("javascript", StringComparison.OrdinalIgnoreCase);

    /// <summary>body and isBase64Encoded. What is not UTF-8 is no text, whatever its type says.</summary>
    public static void WriteBody(Utf8JsonWriter writer, ReadOnlySpan<byte> body, bool isText)
    {
        isText &= Utf8.IsValid(body);
        if (isText)
            writer.WriteString("body"u8, body);
        else
            writer.WriteBase64String("body"u8, body);
        writer.WriteBoolean("isBase64Encoded"u8, !isText);
    }

    /// <summary>Format 2.0: each name once, its values joined by commas. Cookies have a place of their own.</summary>
    public static void WriteJoinedHeaders(Utf8JsonWriter writer, WebRequest request)
    {
        writer.WriteStartObject("headers"u8);
        foreach (var (name, values) in request.Headers())
        {
            if (!name.Equals("Cookie", StringComparison.OrdinalIgnoreCase))
                writer.WriteString(Name(name), string.Join(',', values.AsEnumerable()));
        }
        writer.WriteEndObject();
    }

    /// <summary>Format 2.0: left out when there are none.</summary>
    public static void WriteJoinedQuery(Utf8JsonWriter writer, WebRequest request)
    {
        var query = request.Query();
        if (query.Count == 0)
            return;
        writer.WriteStartObject("queryStringParameters"u8);
        foreach (var group in query.GroupBy(static q => q.Key, StringComparer.Ordinal))
            writer.WriteString(group.Key, string.Join(',', group.Select(static q => q.Value)));
        writer.WriteEndObject();
    }

    public static void WriteCookies(Utf8JsonWriter writer, WebRequest request)
    {
        var open = false;
        foreach (var cookie in request.Cookies)
        {
            if (!open)
                writer.WriteStartArray("cookies"u8);
            open = true;
            writer.WriteStringValue(cookie);
        }
        if (open)
            writer.WriteEndArray();
    }

    /// <summary>Format 1.0 and load balancers: the last value of each name.</summary>
    public static void WriteLast(Utf8JsonWriter writer, string member, IEnumerable<KeyValuePair<string, StringValues>> all)
    {
        writer.WriteStartObject(member);
        foreach (var (name, values) in all)
            writer.WriteString(name, values.Count > 0 ? values[^1] : "");
        writer.WriteEndObject();
    }

    /// <summary>Format 1.0 and load balancers: every value of each name.</summary>
    public static void WriteAll(Utf8JsonWriter writer, string member, IEnumerable<KeyValuePair<string, StringValues>> all)
    {
        writer.WriteStartObject(member);
        foreach (var (name, values) in all)
        {
            writer.WriteStartArray(name);
            foreach (var value in values)
                writer.WriteStringValue(value);
            writer.WriteEndArray();
        }
        writer.WriteEndObject();
    }

    /// <summary>Names once, in the order in which they came.</summary>
    public static List<KeyValuePair<string, StringValues>> Grouped(IEnumerable<KeyValuePair<string, string>> query) =>
        [.. query.GroupBy(static q => q.Key, StringComparer.Ordinal).Select(static g => new KeyValuePair<string, StringValues>(g.Key, g.Select(static q => q.Value).ToArray()))];

    /// <summary>pathParameters, decoded. API Gateway has null for none.</summary>
    public static void WritePathParameters(Utf8JsonWriter writer, WebRequest request, bool nullForNone)
    {
        var parameters = request.Target.Route?.Parameters ?? [];
        if (parameters.Count == 0)
        {
            if (nullForNone)
                writer.WriteNull("pathParameters"u8);
            return;
        }
        writer.WriteStartObject("pathParameters"u8);
        foreach (var (name, value) in parameters)
            writer.WriteString(name, WebUtility.UrlDecode(value.Replace("+", "%2B", StringComparison.Ordinal)));
        writer.WriteEndObject();
    }

    /// <summary>requestContext of format 2.0.</summary>
    public static void WriteContext2(Utf8JsonWriter writer, WebRequest request, string apiId, string accountId, string routeKey)
    {
        writer.WriteStartObject("requestContext"u8);
        writer.WriteString("accountId"u8, accountId);
        writer.WriteString("apiId"u8, apiId);
        if (request.Signer is { } signer)
            WriteSigner(writer, signer);
        writer.WriteString("domainName"u8, request.Target.DomainName);
        writer.WriteString("domainPrefix"u8, request.Target.DomainName.Split('.')[0]);
        writer.WriteStartObject("http"u8);
        writer.WriteString("method"u8, request.Method);
        writer.WriteString("path"u8, request.Target.Path);
        writer.WriteString("protocol"u8, request.Protocol);
        writer.WriteString("sourceIp"u8, request.SourceIp);
        writer.WriteString("userAgent"u8, request.UserAgent);
        writer.WriteEndObject();
        writer.WriteString("requestId"u8, request.RequestId);
        writer.WriteString("routeKey"u8, routeKey);
        writer.WriteString("stage"u8, "$default"u8);
        writer.WriteString("time"u8, LogTime(request.Time));
        writer.WriteNumber("timeEpoch"u8, request.Time.ToUnixTimeMilliseconds());
        writer.WriteEndObject();
    }

    /// <summary>Header names of format 2.0 and of load balancers.</summary>
    public static string Name(string header) => header.ToLowerInvariant();

    private static void WriteSigner(Utf8JsonWriter writer, Principal signer)
    {
        writer.WriteStartObject("authorizer"u8);
        writer.WriteStartObject("iam"u8);
        writer.WriteString("accessKey"u8, signer.AccessKeyId);
        writer.WriteString("accountId"u8, signer.AccountId);
        writer.WriteString("callerId"u8, signer.UserId);
        writer.WriteNull("cognitoIdentity"u8);
        writer.WriteNull("principalOrgId"u8);
        writer.WriteString("userArn"u8, signer.UserArn);
        writer.WriteString("userId"u8, signer.UserId);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }
}
