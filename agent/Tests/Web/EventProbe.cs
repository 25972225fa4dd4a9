using System.Text.Json;
using System.Text.Json.Nodes;
using Hearth.Agent.Functions;
using Hearth.Agent.Ingress.Web;
using Hearth.Agent.Ingress.Web.Shapes;
using Hearth.Contracts.V1;
using Microsoft.AspNetCore.Http;

namespace Hearth.Agent.Tests.Web;

/// <summary>The event that a shape makes of a request, without a node.</summary>
internal static class EventProbe
{
    public static readonly DateTimeOffset Time = new(2020, 3, 12, 19, 3, 58, TimeSpan.Zero);

    public static JsonObject Write(
        IEventShape shape, string method = "GET", string path = "/", string query = "", string prefix = "", string contentType = "", byte[]? body = null,
        RouteMatch? route = null, params (string Name, string Value)[] headers)
    {
        var context = new DefaultHttpContext();
        context.Request.Method = method;
        context.Request.Protocol = "HTTP/1.1";
        context.Request.Scheme = "http";
        context.Request.Host = new HostString("shop.example.com");
        context.Connection.RemoteIpAddress = System.Net.IPAddress.Parse("192.0.2.7");
        if (contentType.Length > 0)
            context.Request.ContentType = contentType;
        foreach (var (name, value) in headers)
            context.Request.Headers.Append(name, value);
        var function = new FunctionRevision(new FunctionSpec
        {
            FunctionName = "f",
            Version = "$LATEST",
            FunctionArn = "arn:aws:lambda:eu-west-1:123456789012:function:f",
            Language = "python",
            CodeSha256Hex = new string('a', 64),
        });
        var url = route is null ? new UrlSpec { FunctionName = "f", UrlId = WebNode.Id } : null;
        var target = new WebTarget(path, prefix + path, query, url is not null, "shop.example.com", url, route);
        var request = new WebRequest(context, target, function, "8476a536-e9f4-11e8-9739-2dfe598c3fcd", "Root=1-5e6722a7-cc56xmpl46db7ae02d4da47e", Time, body ?? default, null);
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
            shape.WriteEvent(writer, request);
        return JsonNode.Parse(buffer.ToArray())!.AsObject();
    }

    public static RouteMatch Route(string path, params (string Name, string Value)[] parameters) => new(
        new RouteSpec { RouteId = "x7c0d2kq1m", Method = "ANY", Path = path, FunctionName = "f" },
        [.. parameters.Select(p => new KeyValuePair<string, string>(p.Name, p.Value))]);
}
