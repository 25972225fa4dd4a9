using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Hearth.NativeTests.Harness;
using Xunit;

namespace Hearth.NativeTests.EndToEnd;

/// <summary>Function URLs, streamed answers and routes of a real node, by boto3, curl and plain HTTP.</summary>
[Collection(EndToEndCollection.Name)]
public sealed class WebTests(SharedNode shared) : IClassFixture<SharedNode>
{
    private const string Echo = """
        def handle(event, context):
            return event
        """;

    private static readonly HttpClient s_http = new(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false }) { Timeout = Patience.Seconds(120) };

    [Fact]
    public async Task Boto3_reads_the_event_stream()
    {
        Needs.Program("/usr/lib/python3/dist-packages/boto3/__init__.py", "python3-boto3");
        Needs.Program("/usr/bin/node", "nodejs");
        var node = await shared.DeployAsync();
        await node.Client.CreateAsync(new FunctionSettings("boto-echo"), FunctionZip.Of(("handler.py", Echo)));
        await node.Client.CreateAsync(new FunctionSettings("boto-stream", "nodejs20.x", "stream.plain", MemoryMb: 256, TimeoutSeconds: 2), Script("stream.js"));
        var script = Path.Combine(AppContext.BaseDirectory, "EndToEnd", "StreamBoto.py");
        var (code, output) = await Cli.RunAsync(new ProcessStartInfo("/usr/bin/python3", ["-B", "-I", script, node.Endpoint.ToString().TrimEnd('/'), "boto-echo", "boto-stream"]));
        Assert.True(code == 0 && output.Contains("boto: ok", StringComparison.Ordinal), output + node.Output);
    }

    [Theory]
    [InlineData("nodejs20.x", "stream.http", "stream.js", 201, "text/event-stream", "c=1")]
    [InlineData("provided.al2023", "x", "bootstrap.sh", 202, "text/plain", "a=b")]
    public async Task Pieces_arrive_while_the_function_waits_for_the_test(string runtime, string handler, string file, int status, string contentType, string cookie)
    {
        Needs.Program("/usr/bin/node", "nodejs");
        Needs.Program("/usr/bin/curl", "curl");
        var node = await shared.DeployAsync();
        var name = "stream-" + runtime[..4];
        await node.Client.CreateAsync(new FunctionSettings(name, runtime, handler, MemoryMb: 256, TimeoutSeconds: 60), Script(file));
        var host = await UrlAsync(node, name, """{"AuthType":"NONE","InvokeMode":"RESPONSE_STREAM"}""");
        for (var i = 0; i < 3; i++)
        {
            var mark = Guid.NewGuid().ToString("N");
            using var answer = await SendAsync(node, HttpMethod.Get, "/?mark=" + mark, host, HttpCompletionOption.ResponseHeadersRead);
            Assert.Equal((status, contentType, cookie), ((int)answer.StatusCode, answer.Content.Headers.ContentType?.MediaType, answer.Headers.GetValues("Set-Cookie").First()));
            await using var stream = await answer.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
            var first = new byte[3];
            await stream.ReadExactlyAsync(first, TestContext.Current.CancellationToken);
            Assert.Equal("one", Encoding.ASCII.GetString(first));
            // Only now may it go on.
            await LetGoAsync(mark);
            using var reader = new StreamReader(stream);
            Assert.Equal("two", await reader.ReadToEndAsync(TestContext.Current.CancellationToken));
        }
    }

    [Fact]
    public async Task A_client_that_reads_slowly_gets_all_of_a_large_stream()
    {
        Needs.Program("/usr/bin/node", "nodejs");
        var node = await shared.DeployAsync();
        await node.Client.CreateAsync(new FunctionSettings("large", "nodejs20.x", "stream.http", MemoryMb: 256, TimeoutSeconds: 60), Script("stream.js"));
        var host = await UrlAsync(node, "large", """{"AuthType":"NONE","InvokeMode":"RESPONSE_STREAM"}""");
        using var answer = await SendAsync(node, HttpMethod.Get, "/?size=50000000", host, HttpCompletionOption.ResponseHeadersRead);
        await using var stream = await answer.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        var (buffer, total, reads) = (new byte[1 << 20], 0L, 0);
        for (int count; (count = await stream.ReadAsync(buffer, TestContext.Current.CancellationToken)) > 0; total += count)
        {
            if (++reads < 20)
                await Task.Delay(20, TestContext.Current.CancellationToken);
        }
        Assert.Equal(50_000_000, total);
    }

    [Fact]
    public async Task Curl_finds_a_URL_by_its_name_and_by_its_path_and_it_is_gone_with_its_configuration()
    {
        Needs.Program("/usr/bin/curl", "curl");
        var node = await shared.DeployAsync();
        await node.Client.CreateAsync(new FunctionSettings("named"), FunctionZip.Of(("handler.py", Echo)));
        var host = await UrlAsync(node, "named", """{"AuthType":"NONE","Cors":{"AllowOrigins":["https://page.example"]}}""");
        var id = host.Split('.')[0];
        // curl resolves names below localhost by itself.
        foreach (var url in new[] { $"http://{host}:{node.Endpoint.Port}/a/b?x=1&x=2", $"{node.Endpoint}_url/{id}/a/b?x=1&x=2" })
        {
            var (code, output) = await Cli.RunAsync(new ProcessStartInfo("/usr/bin/curl", ["-sS", "-f", "-H", "Origin: https://page.example", "--data-binary", "hi", "-H", "Content-Type: text/plain", url]));
            Assert.True(code == 0, output);
            var seen = JsonNode.Parse(output)!;
            Assert.Equal(("/a/b", "1,2", "hi"), (seen["rawPath"]!.GetValue<string>(), seen["queryStringParameters"]!["x"]!.GetValue<string>(), seen["body"]!.GetValue<string>()));
        }
        using (var preflight = new HttpRequestMessage(HttpMethod.Options, node.Endpoint + "x"))
        {
            preflight.Headers.Host = host;
            preflight.Headers.Add("Origin", "https://page.example");
            preflight.Headers.Add("Access-Control-Request-Method", "GET");
            using var answer = await s_http.SendAsync(preflight, TestContext.Current.CancellationToken);
            Assert.Equal("https://page.example", answer.Headers.GetValues("Access-Control-Allow-Origin").Single());
        }
        using (var deleted = await s_http.DeleteAsync(new Uri(node.Endpoint, "/2021-10-31/functions/named/url"), TestContext.Current.CancellationToken))
            Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        using var gone = await SendAsync(node, HttpMethod.Get, "/", host);
        Assert.Equal((HttpStatusCode.Forbidden, """{"Message":null}"""), (gone.StatusCode, await gone.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)));
    }

    [Fact]
    public async Task Routes_are_added_listed_and_removed_with_the_command_and_outlive_the_control_plane()
    {
        var node = await shared.DeployAsync();
        await node.Client.CreateAsync(new FunctionSettings("routed"), FunctionZip.Of(("handler.py", """
            def handle(event, context):
                return {"statusCode": 200, "headers": {"x-seen": event["resource"]}, "body": event["path"]}
            """)));
        var (code, output) = await Cli.RunAsync(node, "routes", "add", "--path", "/shop/{proxy+}", "--function", "routed", "--shape", "apigw-v1", "--json");
        Assert.True(code == 0, output);
        var id = JsonNode.Parse(output)!["RouteId"]!.GetValue<string>();
        Assert.Equal(0, (await Cli.RunAsync(node, "routes", "add", "--path", "/{proxy+}", "--host", "shop.example.com", "--function", "routed", "--shape", "apigw-v1")).Code);
        await RoutedAsync(HttpStatusCode.OK);
        var byHost = "";
        await Patience.UntilAsync("the route of a host answers", async () =>
        {
            using var answer = await SendAsync(node, HttpMethod.Get, "/any", "shop.example.com");
            byHost = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            return answer.StatusCode == HttpStatusCode.OK;
        });
        Assert.Equal("/any", byHost);
        (_, output) = await Cli.RunAsync(node, "routes", "ls");
        Assert.Contains("/_routes/shop/{proxy+}", output, StringComparison.Ordinal);
        Assert.Contains("shop.example.com/{proxy+}", output, StringComparison.Ordinal);

        TestNode.Kill(node.Pid("hearth-control-plane"), 9);
        await RoutedAsync(HttpStatusCode.OK);
        await Patience.UntilAsync("management is back", node.Client.IsManagementUpAsync);
        Assert.Equal(0, (await Cli.RunAsync(node, "routes", "rm", id)).Code);
        await RoutedAsync(HttpStatusCode.NotFound);
        Assert.Equal(3, (await Cli.RunAsync(node, "routes", "rm", id)).Code);
        Assert.Equal(2, (await Cli.RunAsync(node, "routes", "add", "--path", "shop", "--function", "routed", "--shape", "alb")).Code);

        // Agents hear of routes a moment after the command is answered.
        Task RoutedAsync(HttpStatusCode status) => Patience.UntilAsync($"the route answers {status}", async () =>
        {
            using var answer = await SendAsync(node, HttpMethod.Get, "/_routes/shop/a", null);
            return answer.StatusCode == status;
        });
    }

    private static byte[] Script(string name)
    {
        var bytes = File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "EndToEnd/web", name));
        return FunctionZip.OfPrograms((name.EndsWith(".sh", StringComparison.Ordinal) ? "bootstrap" : name, bytes));
    }

    /// <returns>The host of the function's URL, without port.</returns>
    private static async Task<string> UrlAsync(TestNode node, string function, string config)
    {
        using var content = new StringContent(config, Encoding.UTF8, "application/json");
        using var answer = await s_http.PostAsync(new Uri(node.Endpoint, $"/2021-10-31/functions/{function}/url"), content, TestContext.Current.CancellationToken);
        var json = await answer.Content.ReadFromJsonAsync<JsonObject>(TestContext.Current.CancellationToken);
        Assert.True(answer.StatusCode == HttpStatusCode.Created, json!.ToJsonString());
        return new Uri(json["FunctionUrl"]!.GetValue<string>()).Host;
    }

    private static async Task<HttpResponseMessage> SendAsync(TestNode node, HttpMethod method, string path, string? host, HttpCompletionOption completion = HttpCompletionOption.ResponseContentRead)
    {
        using var request = new HttpRequestMessage(method, new Uri(node.Endpoint, path));
        request.Headers.Host = host;
        return await s_http.SendAsync(request, completion, TestContext.Current.CancellationToken);
    }

    /// <summary>Makes the file for which the function waits under this mark.</summary>
    private static Task LetGoAsync(string mark) => Patience.UntilAsync("the function waits", () => SandboxTmp.LetGo($"waiting-{mark}", $"go-{mark}"));
}
