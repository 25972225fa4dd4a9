using System.Text;
using Hearth.Agent.Tests.Fakes;
using Hearth.Contracts.V1;
using Xunit;

namespace Hearth.Agent.Tests.Web;

/// <summary>Function URLs from outside: who is served, what failures look like, streaming, cross-origin requests.</summary>
public sealed class UrlTests : IDisposable
{
    private const string Signed =
        "Authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/lambda/aws4_request, SignedHeaders=host;x-amz-date, Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7\nX-Amz-Date: 20150830T123600Z";

    private readonly string _folder = Directory.CreateTempSubdirectory("hearth-url-").FullName;

    [Fact]
    public async Task An_answer_is_sent_as_it_says()
    {
        await using var web = await WebNode.StartAsync(WebNode.Url());
        var answer = await web.AnswerAsync("""{"statusCode":201,"headers":{"X-A":"b","Content-Length":"99","Connection":"close, x","Location":"/é","X-Tab":"a\tb"},"cookies":["c=1","d=2; Secure"],"body":"hi"}""");
        Assert.Equal((201, "hi", "2"), (answer.Status, answer.Text, answer.Header("Content-Length")));
        Assert.Equal(("b", "/?", "99"), (answer.Header("x-a"), answer.Header("Location"), answer.Header("x-amzn-remapped-content-length")));
        Assert.Equal(["c=1", "d=2; Secure"], answer.All("Set-Cookie"));
        Assert.Equal("a b", answer.Header("X-Tab"));
        Assert.Matches("^[0-9a-f-]{36}$", answer.Header("x-amzn-RequestId"));
        Assert.StartsWith("Root=1-", answer.Header("X-Amzn-Trace-Id"), StringComparison.Ordinal);
        Assert.Equal((204, ""), await StatusAsync(web, """{"statusCode":204,"body":"dropped"}"""));
        var head = await web.AnswerAsync("""{"statusCode":200,"body":"hidden"}""", "HEAD / HTTP/1.1\nContent-Type: application/json");
        Assert.Equal((200, "", "6"), (head.Status, head.Text, head.Header("Content-Length")));
    }

    [Theory]
    [InlineData("""["error"]""")]
    [InlineData("""["exit",0]""")]
    [InlineData("""["respond","{\"statusCode\":\"no\"}"]""")]
    [InlineData("""["respond","no json"]""")]
    [InlineData("""["respond","{\"statusCode\":200,\"headers\":{\"a\":\"\\ud800\"}}"]""")]
    public async Task A_function_that_fails_is_a_bad_gateway(string step)
    {
        await using var web = await WebNode.StartAsync(WebNode.Url());
        var answer = await web.StepsAsync($"[{step}]");
        Assert.Equal((502, "Internal Server Error", "application/json"), (answer.Status, answer.Text, answer.Header("Content-Type")));
    }

    [Fact]
    public async Task Who_is_not_there_who_is_throttled_and_who_sends_too_much()
    {
        await using var web = await WebNode.StartAsync(WebNode.Url());
        foreach (var head in new[] { "GET / HTTP/1.1\nHost: other.lambda-url.localhost", "GET /_url/other/x HTTP/1.1\nHost: localhost" })
        {
            var nobody = await web.SendAsync(head);
            Assert.Equal((403, """{"Message":null}""", "AccessDeniedException"), (nobody.Status, nobody.Text, nobody.Header("x-amzn-ErrorType")));
        }
        var large = await web.SendAsync("POST / HTTP/1.1\nContent-Type: text/plain", new byte[6_291_457]);
        Assert.Equal((413, "RequestEntityTooLargeException"), (large.Status, large.Header("x-amzn-ErrorType")));
        // It fits as it came, and not as base64.
        large = await web.SendAsync("POST / HTTP/1.1\nContent-Type: image/png", new byte[5_000_000]);
        Assert.Equal((413, "RequestEntityTooLargeException"), (large.Status, large.Header("x-amzn-ErrorType")));
        Assert.Empty(web.Node.Spawner.All);

        web.Node.Agent.Scheduler.Reserve("f", 0);
        var throttled = await web.AnswerAsync("1");
        Assert.Equal((429, "TooManyRequestsException"), (throttled.Status, throttled.Header("x-amzn-ErrorType")));
        Assert.Equal("ReservedFunctionConcurrentInvocationLimitExceeded", throttled.Json["Reason"]!.GetValue<string>());
        web.Node.Agent.Scheduler.Reserve("f", -1);

        await web.PutAsync(WebNode.Url(qualifier: "gone"));
        Assert.Equal(404, (await web.AnswerAsync("1")).Status);
    }

    [Fact]
    public async Task A_large_body_goes_through_whole()
    {
        await using var web = await WebNode.StartAsync(WebNode.Url());
        var body = "[[\"respond\",\"{}\"]" + new string(' ', 6_000_000) + "]";
        Assert.Equal((200, "{}"), ((await web.StepsAsync(body)).Status, (await web.StepsAsync(body)).Text));
    }

    [Fact]
    public async Task Web_pages_may_ask_a_URL_and_nothing_else_of_the_node()
    {
        await using var web = await WebNode.StartAsync(WebNode.Url());
        Assert.Equal(200, (await web.AnswerAsync("1", $"POST / HTTP/1.1\nHost: {WebNode.Id}.LAMBDA-URL.example.com:9000\nOrigin: https://page.example\nSec-Fetch-Site: cross-site\nContent-Type: application/json")).Status);
        Assert.Equal(200, (await web.AnswerAsync("1", "POST / HTTP/1.1\nX-Forwarded-For: 192.0.2.1\nVia: 1.1 proxy\nContent-Type: application/json")).Status);
        foreach (var path in new[] { "/2015-03-31/functions/", "/healthz", "/2015-03-31/functions/f/invocations" })
            Assert.Equal(403, (await web.SendAsync($"POST {path} HTTP/1.1\nHost: localhost\nOrigin: https://page.example", [])).Status);
        Assert.Equal(403, (await web.SendAsync("GET /healthz HTTP/1.1\nHost: evil.example")).Status);
    }

    [Fact]
    public async Task A_URL_with_AWS_IAM_wants_a_signature_and_shows_who_signed()
    {
        await using var web = await WebNode.StartAsync(WebNode.Url(authType: "AWS_IAM"));
        foreach (var header in new[] { "X-A: b", "Authorization: Basic eDp5", "Authorization: AWS4-HMAC-SHA256 Credential=A/B" })
        {
            var refused = await web.StepsAsync("""[["echo"]]""", "POST / HTTP/1.1\nContent-Type: application/json\n" + header);
            Assert.Equal(
                (403, "AccessDeniedException", """{"Message":"Forbidden. For troubleshooting Function URL authorization issues, see: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"}"""),
                (refused.Status, refused.Header("x-amzn-ErrorType"), refused.Text));
        }
        Assert.Empty(web.Node.Spawner.All);
        var answer = await web.StepsAsync("""[["echo"]]""", "POST / HTTP/1.1\nContent-Type: application/json\n" + Signed);
        var context = answer.Json["requestContext"]!;
        Assert.Equal("000000000000", context["accountId"]!.GetValue<string>());
        Assert.Equal(
            """{"accessKey":"AKIDEXAMPLE","accountId":"000000000000","callerId":"000000000000","cognitoIdentity":null,"principalOrgId":null,"userArn":"arn:aws:iam::000000000000:root","userId":"000000000000"}""",
            context["authorizer"]!["iam"]!.ToJsonString());
        var inQuery = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKID%2F20150830%2Fus-east-1%2Flambda%2Faws4_request&X-Amz-Date=20150830T123600Z&X-Amz-SignedHeaders=host&X-Amz-Signature=" + new string('a', 64);
        Assert.Equal(200, (await web.StepsAsync("""[["respond","1"]]""", $"POST /?{inQuery} HTTP/1.1\nContent-Type: application/json")).Status);
    }

    [Fact]
    public async Task A_streaming_URL_sends_pieces_while_the_function_still_works()
    {
        await using var web = await WebNode.StartAsync(WebNode.Url(mode: "RESPONSE_STREAM"));
        var go = Path.Join(_folder, "go");
        var steps = $$$"""
            [["start","application/vnd.awslambda.http-integration-response"],["chunk","{\"statusCode\":202,\"headers\":{\"Content-Type\":\"text/event-stream\",\"X-A\":\"b\"},"],
             ["chunk","\"cookies\":[\"c=1\"]}\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000one"],["wait","{{{go}}}"],["chunk","two"],["end"]]
            """;
        using var request = new HttpRequestMessage(HttpMethod.Post, "/") { Content = new StringContent(steps, Encoding.UTF8, "application/json") };
        request.Headers.Host = WebNode.Host;
        using var answer = await web.Node.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        Assert.Equal((202, "text/event-stream", "b", "c=1"), ((int)answer.StatusCode, answer.Content.Headers.ContentType!.MediaType, answer.Headers.GetValues("X-A").Single(), answer.Headers.GetValues("Set-Cookie").Single()));
        await using var stream = await answer.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        var first = new byte[3];
        await stream.ReadExactlyAsync(first, TestContext.Current.CancellationToken);
        Assert.Equal("one", Encoding.ASCII.GetString(first));
        await File.WriteAllTextAsync(go, "", TestContext.Current.CancellationToken);
        using var reader = new StreamReader(stream);
        Assert.Equal("two", await reader.ReadToEndAsync(TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("""["start","text/html"],["chunk","<p>"],["end"]""", 200, "text/html", "<p>")]
    [InlineData("""["start",null],["chunk","x"],["end"]""", 200, "application/octet-stream", "x")]
    [InlineData("""["respond","{\"statusCode\":203,\"body\":\"whole\"}"]""", 203, "application/json", "whole")]
    [InlineData("""["respond","\"text\""]""", 200, "application/json", "text")]
    [InlineData("""["error"]""", 502, "application/json", "Internal Server Error")]
    [InlineData("""["start","application/vnd.awslambda.http-integration-response"],["chunk","{}\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000x"],["end"]""", 502, "application/json", "Internal Server Error")]
    [InlineData("""["start","application/vnd.awslambda.http-integration-response"],["chunk","no end"],["end"]""", 502, "application/json", "Internal Server Error")]
    [InlineData("""["start","application/vnd.awslambda.http-integration-response"],["chunks",2,100000],["end"]""", 502, "application/json", "Internal Server Error")]
    [InlineData("""["start","application/vnd.awslambda.http-integration-response"],["chunk","{"],["error"]""", 502, "application/json", "Internal Server Error")]
    public async Task A_streaming_URL_takes_what_it_gets(string steps, int status, string contentType, string body)
    {
        await using var web = await WebNode.StartAsync(WebNode.Url(mode: "RESPONSE_STREAM"));
        var answer = await web.StepsAsync($"[{steps}]");
        Assert.Equal((status, contentType, body, true), (answer.Status, answer.Header("Content-Type"), answer.Text, answer.IsWhole));
    }

    [Theory]
    [InlineData("""["error"]""")]
    [InlineData("""["exit",1]""")]
    public async Task A_stream_that_fails_half_way_is_cut_off(string failure)
    {
        await using var web = await WebNode.StartAsync(WebNode.Url(mode: "RESPONSE_STREAM"));
        var answer = await web.StepsAsync($"""[["start","text/plain"],["chunk","part"],{failure}]""");
        Assert.Equal((200, "part", false), (answer.Status, answer.Text, answer.IsWhole));
        Assert.Equal(200, (await web.AnswerAsync("1")).Status);
    }

    [Fact]
    public async Task A_gathered_stream_with_a_prelude_is_that_response()
    {
        await using var web = await WebNode.StartAsync(WebNode.Url());
        var answer = await web.StepsAsync(
            """[["start","application/vnd.awslambda.http-integration-response"],["chunk","{\"statusCode\":206,\"headers\":{\"content-type\":\"text/plain\"}}\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000body"],["end"]]""");
        Assert.Equal((206, "text/plain", "body"), (answer.Status, answer.Header("Content-Type"), answer.Text));
        // Without one it is read as any answer is.
        answer = await web.StepsAsync("""[["start","text/plain"],["chunk","{\"status"],["chunk","Code\":207}"],["end"]]""");
        Assert.Equal((207, "application/json"), (answer.Status, answer.Header("Content-Type")));
    }

    [Fact]
    public async Task A_preflight_is_answered_without_the_function()
    {
        var cors = new CorsSpec { AllowOrigins = { "https://page.example" }, AllowMethods = { "GET", "PUT" }, AllowHeaders = { "x-a" }, ExposeHeaders = { "x-b" }, MaxAgeSeconds = 60, AllowCredentials = true };
        await using var web = await WebNode.StartAsync(WebNode.Url(authType: "AWS_IAM", cors: cors));
        var allowed = await web.SendAsync("OPTIONS /x HTTP/1.1\nOrigin: https://page.example\nAccess-Control-Request-Method: PUT");
        Assert.Equal(
            (200, "https://page.example", "GET,PUT", "x-a", "60", "true", "Origin"),
            (allowed.Status, allowed.Header("Access-Control-Allow-Origin"), allowed.Header("Access-Control-Allow-Methods"), allowed.Header("Access-Control-Allow-Headers"),
             allowed.Header("Access-Control-Max-Age"), allowed.Header("Access-Control-Allow-Credentials"), allowed.Header("Vary")));
        var refused = await web.SendAsync("OPTIONS /x HTTP/1.1\nOrigin: https://other.example\nAccess-Control-Request-Method: PUT");
        Assert.Equal((200, null, null), (refused.Status, refused.Header("Access-Control-Allow-Origin"), refused.Header("Access-Control-Allow-Methods")));
        // Said back as it is it would break the answer.
        await web.PutAsync(WebNode.Url(cors: new CorsSpec { AllowOrigins = { "*" }, AllowCredentials = true }));
        var odd = await web.SendAsync("OPTIONS /x HTTP/1.1\nOrigin: https://\u00e9\nAccess-Control-Request-Method: PUT");
        Assert.InRange(odd.Status, 200, 499);
        Assert.Null(odd.Header("Access-Control-Allow-Origin"));
        Assert.Empty(web.Node.Spawner.All);
    }

    [Fact]
    public async Task Settings_for_other_origins_stand_in_place_of_the_functions_own_headers()
    {
        await using var web = await WebNode.StartAsync(WebNode.Url(cors: new CorsSpec { AllowOrigins = { "*" }, ExposeHeaders = { "x-b" } }));
        const string Answer = """{"statusCode":200,"headers":{"Access-Control-Allow-Origin":"https://mine","Vary":"Accept"}}""";
        var answer = await web.AnswerAsync(Answer, "POST / HTTP/1.1\nOrigin: https://page.example\nContent-Type: application/json");
        Assert.Equal(["*"], answer.All("Access-Control-Allow-Origin"));
        Assert.Equal(("x-b", null), (answer.Header("Access-Control-Expose-Headers"), answer.Header("Access-Control-Allow-Credentials")));
        Assert.Contains("Origin", string.Join(',', answer.All("Vary")), StringComparison.Ordinal);
        // A refusal says it too, or a page could not read why.
        web.Node.Agent.Scheduler.Reserve("f", 0);
        Assert.Equal("*", (await web.AnswerAsync(Answer, "POST / HTTP/1.1\nOrigin: https://page.example\nContent-Type: application/json")).Header("Access-Control-Allow-Origin"));
    }

    [Fact]
    public async Task Without_settings_the_function_answers_preflights_itself()
    {
        await using var web = await WebNode.StartAsync(WebNode.Url());
        var answer = await web.AnswerAsync(
            """{"statusCode":200,"headers":{"Access-Control-Allow-Origin":"https://mine"}}""", "OPTIONS / HTTP/1.1\nOrigin: https://page.example\nAccess-Control-Request-Method: PUT\nContent-Type: application/json");
        Assert.Equal("https://mine", answer.Header("Access-Control-Allow-Origin"));
        Assert.Single(web.Node.Spawner.All);
    }

    [Fact]
    public async Task URLs_are_served_with_the_control_plane_away_also_after_a_restart()
    {
        var data = Directory.CreateTempSubdirectory("hearth-url-node-").FullName;
        try
        {
            await using (var node = await TestNode.StartAsync(data: data))
            {
                var spec = await node.DeployAsync("f", "def handler(event, context):\n    return event['rawPath']\n");
                node.Control.Put(new FunctionSet { FunctionName = "f", Versions = { spec }, Urls = { WebNode.Url() } });
                node.Control.PutRoutes(WebNode.Route("/{proxy+}", "apigw-v2"));
                await Eventually.True(() => node.Agent.Catalogue.FindUrl(WebNode.Id) is not null && node.Agent.Catalogue.Routes.Specs.Count == 1);
            }
            await using (var again = await TestNode.StartAsync(data: data, control: false))
            {
                Assert.Equal("/a", await again.Http.GetStringAsync($"/_url/{WebNode.Id}/a", TestContext.Current.CancellationToken));
                Assert.Equal("/b", await again.Http.GetStringAsync("/_routes/b", TestContext.Current.CancellationToken));
            }
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static async Task<(int, string)> StatusAsync(WebNode web, string answer)
    {
        var got = await web.AnswerAsync(answer);
        return (got.Status, got.Text);
    }
}
