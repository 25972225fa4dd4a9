using System.Text;
using System.Text.Json.Nodes;
using Hearth.Agent.Ingress.Web.Shapes;
using Xunit;

namespace Hearth.Agent.Tests.Web;

/// <summary>What a function behind a URL is given, held against what was recorded from AWS.</summary>
public sealed class UrlEventTests
{
    private const string Echo = """[["echo"]]""";

    [Fact]
    public async Task A_request_is_an_event_of_payload_format_2()
    {
        await using var web = await WebNode.StartAsync(WebNode.Url());
        var answer = await web.StepsAsync(Echo, """
            PUT /pa2%Fth/1?a=1&b=x+y%21&a=2&c HTTP/1.1
            Content-Type: application/json
            X-Some: One
            x-some: Two
            Cookie: k1=v1; k2=v2
            Cookie: k3=v3
            User-Agent: test/1
            """);
        Assert.Equal((200, "application/json"), (answer.Status, answer.Header("Content-Type")));
        var seen = answer.Json.AsObject();
        Assert.Equal(
            ["version", "routeKey", "rawPath", "rawQueryString", "cookies", "headers", "queryStringParameters", "requestContext", "body", "isBase64Encoded"], seen.Select(m => m.Key));
        Assert.Equal(("2.0", "$default", "/pa2%Fth/1", "a=1&b=x+y%21&a=2&c"), (Text(seen, "version"), Text(seen, "routeKey"), Text(seen, "rawPath"), Text(seen, "rawQueryString")));
        Assert.Equal("""["k1=v1","k2=v2","k3=v3"]""", seen["cookies"]!.ToJsonString());
        Assert.Equal("""{"a":"1,2","b":"x y!","c":""}""", seen["queryStringParameters"]!.ToJsonString());
        Assert.Equal((Echo, false), (Text(seen, "body"), seen["isBase64Encoded"]!.GetValue<bool>()));
        var headers = seen["headers"]!.AsObject();
        Assert.All(headers, h => Assert.Equal(h.Key.ToLowerInvariant(), h.Key));
        Assert.Equal(("One,Two", WebNode.Host, "127.0.0.1", "http"), (Text(headers, "x-some"), Text(headers, "host"), Text(headers, "x-forwarded-for"), Text(headers, "x-forwarded-proto")));
        Assert.Equal(answer.Header("X-Amzn-Trace-Id"), Text(headers, "x-amzn-trace-id"));
        Assert.False(headers.ContainsKey("connection"));
        Assert.False(headers.ContainsKey("cookie"));

        var context = seen["requestContext"]!.AsObject();
        Assert.Equal(["accountId", "apiId", "domainName", "domainPrefix", "http", "requestId", "routeKey", "stage", "time", "timeEpoch"], context.Select(m => m.Key));
        Assert.Equal(("anonymous", WebNode.Id, WebNode.Host, WebNode.Id), (Text(context, "accountId"), Text(context, "apiId"), Text(context, "domainName"), Text(context, "domainPrefix")));
        Assert.Equal("""{"method":"PUT","path":"/pa2%Fth/1","protocol":"HTTP/1.1","sourceIp":"127.0.0.1","userAgent":"test/1"}""", context["http"]!.ToJsonString());
        Assert.Equal(answer.Header("x-amzn-RequestId"), Text(context, "requestId"));
        Assert.Matches(@"^\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0000$", Text(context, "time"));
        var made = DateTimeOffset.FromUnixTimeMilliseconds(context["timeEpoch"]!.GetValue<long>());
        Assert.Equal(made.ToString("HH:mm:ss", System.Globalization.CultureInfo.InvariantCulture), Text(context, "time")[12..20]);
    }

    [Fact]
    public void What_is_not_there_is_left_out()
    {
        var seen = EventProbe.Write(EventShapes.Url);
        Assert.Equal(["version", "routeKey", "rawPath", "rawQueryString", "headers", "requestContext", "isBase64Encoded"], seen.Select(m => m.Key));
        Assert.Equal(("/", "", false), (Text(seen, "rawPath"), Text(seen, "rawQueryString"), seen["isBase64Encoded"]!.GetValue<bool>()));
    }

    [Theory]
    [InlineData("application/json", "5b5d", false)]
    [InlineData("application/json; charset=utf-8", "22c3a922", false)]
    [InlineData("text/plain", "c3a9", false)]
    [InlineData("text/plain", "ff", true)]
    [InlineData("application/vnd.api+json", "5b5d", false)]
    [InlineData("application/xml", "3c", false)]
    [InlineData("application/javascript", "3b", false)]
    [InlineData("application/x-www-form-urlencoded", "613d31", true)]
    [InlineData("multipart/form-data; boundary=x", "2d", true)]
    [InlineData("application/octet-stream", "41", true)]
    [InlineData("image/png", "89504e47", true)]
    [InlineData("", "41", true)]
    public void Bodies_are_text_or_base64_by_their_type(string contentType, string hex, bool encoded)
    {
        var body = Convert.FromHexString(hex);
        var seen = EventProbe.Write(EventShapes.Url, "POST", contentType: contentType, body: body);
        Assert.Equal(encoded, seen["isBase64Encoded"]!.GetValue<bool>());
        Assert.Equal(encoded ? Convert.ToBase64String(body) : Encoding.UTF8.GetString(body), Text(seen, "body"));
    }

    [Fact]
    public async Task The_path_form_needs_no_name_and_shows_the_function_its_own_path()
    {
        await using var web = await WebNode.StartAsync(WebNode.Url());
        foreach (var (path, seen) in new[] { ("", "/"), ("/", "/"), ("/a/b%20c", "/a/b%20c") })
        {
            var answer = await web.StepsAsync(Echo, $"POST /_url/{WebNode.Id}{path}?q=1 HTTP/1.1\nHost: 127.0.0.1\nContent-Type: application/json");
            Assert.Equal(seen, Text(answer.Json.AsObject(), "rawPath"));
            Assert.Equal(WebNode.Host, answer.Json["requestContext"]!["domainName"]!.GetValue<string>());
        }
    }

    [Fact]
    public async Task A_proxy_in_front_is_believed_about_the_client()
    {
        await using var web = await WebNode.StartAsync(WebNode.Url());
        var headers = (await web.StepsAsync(Echo, "POST / HTTP/1.1\nContent-Type: application/json\nX-Forwarded-For: 203.0.113.9\nX-Forwarded-Proto: https\nX-Forwarded-Port: 443")).Json["headers"]!.AsObject();
        Assert.Equal(("203.0.113.9, 127.0.0.1", "https", "443"), (Text(headers, "x-forwarded-for"), Text(headers, "x-forwarded-proto"), Text(headers, "x-forwarded-port")));
        headers = (await web.StepsAsync(Echo, "POST / HTTP/1.1\nContent-Type: application/json\nX-Forwarded-Proto: gopher\nX-Forwarded-Port: 44x")).Json["headers"]!.AsObject();
        Assert.Equal(("http", "80"), (Text(headers, "x-forwarded-proto"), Text(headers, "x-forwarded-port")));
    }

    [Fact]
    public async Task A_URL_of_an_alias_runs_what_the_alias_leads_to()
    {
        await using var web = await WebNode.StartAsync(WebNode.Url(qualifier: "live"));
        Assert.Equal(200, (await web.StepsAsync("""[["respond","1"]]""")).Status);
        Assert.Equal("1", Assert.Single(await web.Node.LedgerAsync(1)).Version);
    }

    private static string Text(JsonObject node, string member) => node[member]!.GetValue<string>();
}
