using Hearth.Agent.Tests.Fakes;
using Xunit;

namespace Hearth.Agent.Tests.Web;

/// <summary>Routes from outside.</summary>
public sealed class RouteTests
{
    private const string Post = " HTTP/1.1\nContent-Type: application/json\nHost: ";

    [Fact]
    public async Task A_request_takes_its_route_by_path_or_host_and_is_answered_in_its_shape()
    {
        await using var web = await WebNode.StartAsync(
            null, WebNode.Route("/v1/{proxy+}", "apigw-v1"), WebNode.Route("/v2/{id}", "apigw-v2", "POST"), WebNode.Route("/lb", "alb"), WebNode.Route("/url/{proxy+}", "url"),
            WebNode.Route("/{proxy+}", "alb-multi", host: "shop.example.com"), WebNode.Route("/gone", "apigw-v1", function: "nobody"));
        const string Echo = """[["echo"]]""";
        var v1 = (await web.StepsAsync(Echo, "POST /_routes/v1/a/b" + Post + "localhost")).Json;
        Assert.Equal(("/v1/a/b", "/_routes/v1/a/b", "a/b"), (v1["path"]!.GetValue<string>(), v1["requestContext"]!["path"]!.GetValue<string>(), v1["pathParameters"]!["proxy"]!.GetValue<string>()));
        var v2 = (await web.StepsAsync(Echo, "POST /_routes/v2/7" + Post + "localhost")).Json;
        Assert.Equal(("POST /v2/{id}", "7"), (v2["routeKey"]!.GetValue<string>(), v2["pathParameters"]!["id"]!.GetValue<string>()));
        Assert.Equal("/lb", (await web.StepsAsync(Echo, "POST /_routes/lb" + Post + "localhost")).Json["path"]!.GetValue<string>());
        Assert.Equal("/url/x", (await web.StepsAsync(Echo, "POST /_routes/url/x" + Post + "localhost")).Json["rawPath"]!.GetValue<string>());
        var lb = (await web.StepsAsync(Echo, "POST /any/path?x=1" + Post + "Shop.example.com:9000")).Json;
        Assert.Equal(("/any/path", "1"), (lb["path"]!.GetValue<string>(), lb["multiValueQueryStringParameters"]!["x"]![0]!.GetValue<string>()));

        Assert.Equal((404, """{"message":"Not Found"}"""), await StatusAsync(web, "GET /_routes/v2/7" + Post + "localhost"));
        Assert.Equal((404, """{"message":"Not Found"}"""), await StatusAsync(web, "GET /" + Post + "shop.example.com"));
        Assert.Equal((404, """{"message":"Not Found"}"""), await StatusAsync(web, "GET /_routes" + Post + "localhost"));
        Assert.Equal((502, """{"message": "Internal server error"}"""), await StatusAsync(web, "GET /_routes/gone" + Post + "localhost"));
        Assert.Equal((502, """{"message": "Internal server error"}"""), await StatusAsync(web, "POST /_routes/v1/x" + Post + "localhost", """[["respond","\"no object\""]]"""));
        Assert.Equal((500, """{"message":"Internal Server Error"}"""), await StatusAsync(web, "POST /_routes/v2/7" + Post + "localhost", """[["error"]]"""));
        web.Node.Agent.Scheduler.Reserve("f", 0);
        Assert.Equal((503, """{"message":"Service Unavailable"}"""), await StatusAsync(web, "POST /_routes/v2/7" + Post + "localhost", "[]"));
    }

    [Fact]
    public async Task Routes_are_replaced_as_a_whole_and_Lambdas_API_stays_where_it_is()
    {
        await using var web = await WebNode.StartAsync(null, WebNode.Route("/{proxy+}", "alb"), WebNode.Route("/{proxy+}", "alb", host: "a.example"));
        Assert.Equal("[]", (await web.Node.InvokeAsync("f", """[["respond","[]"]]""")).Text);
        Assert.Equal(200, (await web.SendAsync("GET /healthz HTTP/1.1\nHost: localhost")).Status);
        // A path that only looks like ours.
        Assert.Equal((200, "rest"), await StatusAsync(web, "GET /_routesx" + Post + "localhost"));
        web.Node.Control.PutRoutes();
        await Eventually.True(() => web.Node.Agent.Catalogue.Routes.Specs.Count == 0);
        Assert.Equal(403, (await web.SendAsync("GET / HTTP/1.1\nHost: a.example")).Status);
    }

    private static async Task<(int, string)> StatusAsync(WebNode web, string head, string? steps = null)
    {
        var answer = steps is null ? await web.SendAsync(head) : await web.StepsAsync(steps, head);
        return (answer.Status, answer.Text);
    }
}
