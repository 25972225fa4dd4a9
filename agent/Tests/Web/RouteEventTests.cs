using System.Text.Json.Nodes;
using Hearth.Agent.Ingress.Web.Shapes;
using Xunit;

namespace Hearth.Agent.Tests.Web;

/// <summary>The events of API Gateway and load balancers, held member by member against AWS's documented examples.</summary>
public sealed class RouteEventTests
{
    private static readonly (string, string)[] Headers = [("X-Multi", "one"), ("X-Multi", "two"), ("User-Agent", "test/1"), ("Cookie", "a=1; b=2"), ("Connection", "keep-alive")];

    [Fact]
    public void A_REST_API_event_is_that_of_proxy_integration()
    {
        var seen = EventProbe.Write(
            EventShapes.Of("apigw-v1")!, "POST", "/shop/caf%C3%A9/2", "a=1&a=2&b=%20", "/_routes", "text/plain", "hi"u8.ToArray(),
            EventProbe.Route("/shop/{proxy+}", ("proxy", "caf%C3%A9/2")), Headers);
        Assert.Equal(
            ["resource", "path", "httpMethod", "headers", "multiValueHeaders", "queryStringParameters", "multiValueQueryStringParameters", "pathParameters", "stageVariables",
             "requestContext", "body", "isBase64Encoded"], seen.Select(m => m.Key));
        Same("\"/shop/{proxy+}\"", seen["resource"]);
        Same("\"/shop/caf%C3%A9/2\"", seen["path"]);
        Same("\"POST\"", seen["httpMethod"]);
        Same("""{"a":"2","b":" "}""", seen["queryStringParameters"]);
        Same("""{"a":["1","2"],"b":[" "]}""", seen["multiValueQueryStringParameters"]);
        Same("""{"proxy":"café/2"}""", seen["pathParameters"]);
        Assert.Null(seen["stageVariables"]);
        Same("\"hi\"", seen["body"]);
        // Names as the client wrote them; the last value, and all of them.
        Same("\"two\"", seen["headers"]!["X-Multi"]);
        Same("""["one","two"]""", seen["multiValueHeaders"]!["X-Multi"]);
        Same("\"a=1; b=2\"", seen["headers"]!["Cookie"]);
        Assert.False(seen["headers"]!.AsObject().ContainsKey("Connection"));
        Same("\"192.0.2.7\"", seen["headers"]!["X-Forwarded-For"]);

        var context = seen["requestContext"]!.AsObject();
        Same("\"/shop/{proxy+}\"", context["resourcePath"]);
        Same("\"/_routes/shop/caf%C3%A9/2\"", context["path"]);
        Same("\"prod\"", context["stage"]);
        Same("\"123456789012\"", context["accountId"]);
        Same("\"12/Mar/2020:19:03:58 +0000\"", context["requestTime"]);
        Same("1584039838000", context["requestTimeEpoch"]);
        Same("\"192.0.2.7\"", context["identity"]!["sourceIp"]);
        Same("\"test/1\"", context["identity"]!["userAgent"]);
        Assert.True(context["identity"]!.AsObject().ContainsKey("cognitoIdentityId"));
        Assert.Null(context["identity"]!["cognitoIdentityId"]);
    }

    [Fact]
    public void A_REST_API_event_has_null_for_what_is_not_there()
    {
        var seen = EventProbe.Write(EventShapes.Of("apigw-v1")!, route: EventProbe.Route("/"));
        foreach (var member in new[] { "queryStringParameters", "multiValueQueryStringParameters", "pathParameters", "stageVariables", "body" })
        {
            Assert.True(seen.ContainsKey(member));
            Assert.Null(seen[member]);
        }
        Same("false", seen["isBase64Encoded"]);
    }

    [Fact]
    public void An_HTTP_API_event_is_payload_format_2_with_its_route()
    {
        var seen = EventProbe.Write(
            EventShapes.Of("apigw-v2")!, "GET", "/shop/7", "a=1&a=2", "/_routes", route: EventProbe.Route("/shop/{id}", ("id", "7")), headers: Headers);
        Assert.Equal(
            ["version", "routeKey", "rawPath", "rawQueryString", "cookies", "headers", "queryStringParameters", "requestContext", "pathParameters", "isBase64Encoded"], seen.Select(m => m.Key));
        Same("\"ANY /shop/{id}\"", seen["routeKey"]);
        Same("\"/shop/7\"", seen["rawPath"]);
        Same("""["a=1","b=2"]""", seen["cookies"]);
        Same("\"one,two\"", seen["headers"]!["x-multi"]);
        Same("""{"a":"1,2"}""", seen["queryStringParameters"]);
        Same("""{"id":"7"}""", seen["pathParameters"]);
        var context = seen["requestContext"]!;
        Same("\"123456789012\"", context["accountId"]);
        Same("\"x7c0d2kq1m\"", context["apiId"]);
        Same("\"ANY /shop/{id}\"", context["routeKey"]);
        Same("\"$default\"", context["stage"]);
        Same("""{"method":"GET","path":"/shop/7","protocol":"HTTP/1.1","sourceIp":"192.0.2.7","userAgent":"test/1"}""", context["http"]);
    }

    [Fact]
    public void A_load_balancer_event_has_single_values_or_lists_and_decodes_nothing()
    {
        var single = EventProbe.Write(
            EventShapes.Of("alb")!, "POST", "/lambda", "q=a%20b&q=c", contentType: "application/json", body: "{}"u8.ToArray(), route: EventProbe.Route("/lambda"), headers: Headers);
        Assert.Equal(["requestContext", "httpMethod", "path", "queryStringParameters", "headers", "body", "isBase64Encoded"], single.Select(m => m.Key));
        Same("""{"elb":{"targetGroupArn":"arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/hearth/x7c0d2kq1m"}}""", single["requestContext"]);
        Same("""{"q":"c"}""", single["queryStringParameters"]);
        Same("\"two\"", single["headers"]!["x-multi"]);
        Same("\"{}\"", single["body"]);

        var multi = EventProbe.Write(EventShapes.Of("alb-multi")!, "GET", "/lambda", "q=a%20b&q=c", route: EventProbe.Route("/lambda"), headers: Headers);
        Assert.Equal(["requestContext", "httpMethod", "path", "multiValueQueryStringParameters", "multiValueHeaders", "body", "isBase64Encoded"], multi.Select(m => m.Key));
        Same("""{"q":["a%20b","c"]}""", multi["multiValueQueryStringParameters"]);
        Same("""["one","two"]""", multi["multiValueHeaders"]!["x-multi"]);
        Same("\"\"", multi["body"]);
    }

    [Theory]
    [InlineData("alb", "application/json", "gzip", true)]
    [InlineData("alb", "application/json", "", false)]
    [InlineData("alb", "image/png", "", true)]
    [InlineData("apigw-v1", "application/x-www-form-urlencoded", "", false)]
    [InlineData("apigw-v1", "multipart/form-data; boundary=x", "", false)]
    [InlineData("apigw-v2", "application/x-www-form-urlencoded", "", true)]
    public void A_body_is_text_where_the_front_door_takes_it_for_text(string shape, string contentType, string coding, bool encoded)
    {
        var seen = EventProbe.Write(
            EventShapes.Of(shape)!, "POST", contentType: contentType, body: "a=1"u8.ToArray(), route: EventProbe.Route("/"), headers: coding.Length > 0 ? [("Content-Encoding", coding)] : []);
        Same(encoded ? "true" : "false", seen["isBase64Encoded"]);
        Same($"\"{(encoded ? Convert.ToBase64String("a=1"u8) : "a=1")}\"", seen["body"]);
    }

    [Fact]
    public void Bytes_that_are_no_text_reach_the_function_whatever_the_shape()
    {
        byte[] bytes = [0x89, 0x50, 0xff, 0x00];
        foreach (var shape in new[] { "url", "apigw-v1", "apigw-v2", "alb", "alb-multi" })
        {
            var seen = EventProbe.Write(EventShapes.Of(shape)!, "POST", contentType: "text/plain", body: bytes, route: EventProbe.Route("/"));
            Assert.Equal(bytes, Convert.FromBase64String(seen["body"]!.GetValue<string>()));
            Assert.True(seen["isBase64Encoded"]!.GetValue<bool>());
        }
    }

    private static void Same(string json, JsonNode? node) => Assert.True(JsonNode.DeepEquals(JsonNode.Parse(json), node), $"{json} is not {node?.ToJsonString() ?? "null"}");
}
