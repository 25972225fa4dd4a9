using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Hearth.NativeTests.Harness;
using Xunit;

namespace Hearth.NativeTests.EndToEnd;

/// <summary>An Express app behind adapters that others wrote, unmodified (web/fetch-frameworks.sh gets them from npm), behind every front door.</summary>
[Collection(EndToEndCollection.Name)]
public sealed class WebFrameworkTests(SharedNode shared) : IClassFixture<SharedNode>
{
    private static readonly string[] Shapes = ["apigw-v1", "apigw-v2", "alb", "alb-multi"];

    private static readonly HttpClient s_http = new(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false }) { Timeout = Patience.Seconds(120) };

    [Theory]
    [InlineData("serverless")]
    [InlineData("codegenie")]
    public async Task Express_serves_as_if_it_listened_itself(string adapter)
    {
        Needs.Program("/usr/bin/node", "nodejs");
        var zip = await PackageAsync();
        var node = await shared.DeployAsync();
        var name = "express-" + adapter;
        await node.Client.CreateAsync(new FunctionSettings(name, "nodejs20.x", "app." + adapter, MemoryMb: 512, TimeoutSeconds: 30), zip);
        using var made = await s_http.PostAsync(new Uri(node.Endpoint, $"/2021-10-31/functions/{name}/url"), JsonContent.Create(new JsonObject { ["AuthType"] = "NONE" }), TestContext.Current.CancellationToken);
        var url = new Uri((await made.Content.ReadFromJsonAsync<JsonObject>(TestContext.Current.CancellationToken))!["FunctionUrl"]!.GetValue<string>());

        await CheckAsync(new Uri(node.Endpoint, "/"), url.Authority, $"{adapter} by URL");
        await CheckAsync(new Uri(node.Endpoint, $"/_url/{url.Host.Split('.')[0]}/"), null, $"{adapter} by path");
        foreach (var shape in Shapes)
        {
            var prefix = shape.Replace("apigw-", "", StringComparison.Ordinal);
            var (code, output) = await Cli.RunAsync(node, "routes", "add", "--host", $"{adapter}.{shape}.example", "--path", $"/{prefix}/{{proxy+}}", "--function", name, "--shape", shape);
            Assert.True(code == 0, output);
            await Patience.UntilAsync("the route is there", async () =>
            {
                using var answer = await SendAsync(HttpMethod.Get, new Uri(node.Endpoint, $"/{prefix}/moved"), $"{adapter}.{shape}.example");
                return answer.StatusCode == HttpStatusCode.Redirect;
            });
            await CheckAsync(new Uri(node.Endpoint, $"/{prefix}/"), $"{adapter}.{shape}.example", $"{adapter} by {shape}");
        }
    }

    private static async Task CheckAsync(Uri root, string? host, string what)
    {
        using (var answer = await SendAsync(HttpMethod.Get, new Uri(root, "hello/caf%C3%A9?b=1&b=2&c=x%20y"), host))
        {
            var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            Assert.True(answer.StatusCode == HttpStatusCode.OK, $"{what}: {answer.StatusCode} {text}");
            var json = JsonNode.Parse(text)!;
            Assert.Equal((what, "café", "GET", "k=v; l=w"), (what, json["name"]!.GetValue<string>(), json["method"]!.GetValue<string>(), json["cookie"]!.GetValue<string>()));
            Assert.Equal((what, "seen"), (what, answer.Headers.GetValues("X-Seen").Single()));
            Assert.Equal((what, "x y"), (what, json["query"]!["c"]!.GetValue<string>()));
            // Without multi-value headers a load balancer takes one of each name, and this adapter gives the first.
            string[] cookies = what == "codegenie by alb" ? ["a=1; Path=/"] : ["a=1; Path=/", "b=2; Path=/"];
            Assert.Equal(cookies, answer.Headers.GetValues("Set-Cookie").SelectMany(v => v.Split(", ")));
        }
        using (var answer = await SendAsync(HttpMethod.Post, new Uri(root, "echo"), host, new StringContent("""{"é":[1]}""", Encoding.UTF8, "application/json")))
            Assert.Equal((what, HttpStatusCode.Created, """{"é":[1]}"""), (what, answer.StatusCode, Relaxed((await BodyAsync(answer))["body"]!)));
        using (var answer = await SendAsync(HttpMethod.Post, new Uri(root, "echo"), host, new FormUrlEncodedContent([new("a", "x y"), new("b", "&=é")])))
            Assert.Equal((what, """{"a":"x y","b":"&=é"}"""), (what, Relaxed((await BodyAsync(answer))["body"]!)));
        byte[] bytes = [0x89, 0x50, 0x4e, 0x47, 0, 255, 13, 10];
        using (var content = new ByteArrayContent(bytes) { Headers = { ContentType = new MediaTypeHeaderValue("image/png") } })
        using (var answer = await SendAsync(HttpMethod.Put, new Uri(root, "bytes"), host, content))
            Assert.Equal(bytes, await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        using (var answer = await SendAsync(HttpMethod.Get, new Uri(root, "moved"), host))
            Assert.Equal((what, HttpStatusCode.Redirect, "/elsewhere?x=1"), (what, answer.StatusCode, answer.Headers.Location?.OriginalString));
        using (var answer = await SendAsync(HttpMethod.Get, new Uri(root, "nothing"), host))
            Assert.Equal((what, HttpStatusCode.NotFound, "text/html"), (what, answer.StatusCode, answer.Content.Headers.ContentType?.MediaType));
    }

    private static async Task<HttpResponseMessage> SendAsync(HttpMethod method, Uri uri, string? host, HttpContent? content = null)
    {
        using var request = new HttpRequestMessage(method, uri) { Content = content };
        request.Headers.Host = host;
        request.Headers.Add("X-Test", "seen");
        request.Headers.Add("Cookie", "k=v; l=w");
        return await s_http.SendAsync(request, TestContext.Current.CancellationToken);
    }

    private static async Task<JsonObject> BodyAsync(HttpResponseMessage answer) => (await answer.Content.ReadFromJsonAsync<JsonObject>(TestContext.Current.CancellationToken))!;

    private static string Relaxed(JsonNode node) => node.ToJsonString(new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    private static async Task<byte[]> PackageAsync()
    {
        var modules = Path.Combine(await Clients.FetchAsync("native-tests/EndToEnd/web/fetch-frameworks.sh"), "node_modules");
        var files = Directory.EnumerateFiles(modules, "*", SearchOption.AllDirectories).Select(f => "node_modules/" + Path.GetRelativePath(modules, f))
            .Where(static f => !f.Contains("/.", StringComparison.Ordinal)).Select(f => (f, File.ReadAllBytes(Path.Combine(modules, "..", f))));
        return FunctionZip.Of([("app.js", File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "EndToEnd/web/app.js"))), .. files]);
    }
}
