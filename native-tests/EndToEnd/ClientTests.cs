using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Hearth.NativeTests.Harness;
using Xunit;

namespace Hearth.NativeTests.EndToEnd;

/// <summary>Unmodified clients from npm: AWS's SDK for JavaScript, the Serverless framework's fork osls, and an S3-compatible store that code comes from.</summary>
[Collection(EndToEndCollection.Name)]
public sealed class ClientTests
{
    private const string App = """
        def handler(event, context):
            print("hello log")
            if isinstance(event, dict) and "fail" in event:
                raise ValueError(event["fail"])
            return event
        """;

    [Fact]
    public async Task The_SDK_for_JavaScript_does_what_it_does_with_AWS()
    {
        var clients = await Clients.FolderAsync();
        await using var node = await TestNode.StartAsync();
        var zip = Path.Combine(node.Data, "app.zip");
        await File.WriteAllBytesAsync(zip, FunctionZip.Of(("app.py", App)), TestContext.Current.CancellationToken);
        var (code, output) = await Cli.RunAsync(Clients.Node(clients, node.Endpoint, Clients.Script("sdk.cjs"), node.Endpoint.ToString(), zip));
        Assert.True(code == 0 && output.Contains("sdk: ok", StringComparison.Ordinal), output + node.Output);
    }

    [Fact]
    public async Task The_Serverless_framework_deploys_a_function_invokes_it_and_reads_its_logs()
    {
        var clients = await Clients.FolderAsync();
        await using var node = await TestNode.StartAsync();
        await node.Client.CreateAsync(new FunctionSettings("shop-dev-hello", Handler: "app.handler", TimeoutSeconds: 20), FunctionZip.Of(("app.py", "def handler(e, c): return 'old'\n")));
        var folder = Directory.CreateDirectory(Path.Combine(node.Data, "shop")).FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "app.py"), App, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(folder, "serverless.yml"), """
            service: shop
            provider:
              name: aws
              runtime: python3.11
              region: us-east-1
              stage: dev
            functions:
              hello:
                handler: app.handler
                description: said hello
                memorySize: 256
                timeout: 20
            """, TestContext.Current.CancellationToken);

        await OslsAsync("deploy", "function", "-f", "hello");
        var configuration = JsonNode.Parse((await node.Client.GetAsync("/2015-03-31/functions/shop-dev-hello/configuration")).Body)!;
        Assert.Equal(("said hello", 256), (configuration["Description"]!.GetValue<string>(), configuration["MemorySize"]!.GetValue<int>()));
        var invoked = await OslsAsync("invoke", "-f", "hello", "-d", """{"a": 1}""", "--log");
        Assert.Contains("\"a\": 1", invoked, StringComparison.Ordinal);
        Assert.Contains("hello log", invoked, StringComparison.Ordinal);
        Assert.Contains("hello log", await OslsAsync("logs", "-f", "hello"), StringComparison.Ordinal);

        async Task<string> OslsAsync(params string[] arguments)
        {
            var start = Clients.Node(clients, node.Endpoint, [Path.Combine(clients, "node_modules/osls/bin/serverless.js"), .. arguments]);
            start.WorkingDirectory = folder;
            var (code, output) = await Cli.RunAsync(start);
            Assert.True(code == 0, $"osls {string.Join(' ', arguments)}: {code}\n{output}\n{node.Output}");
            return output;
        }
    }

    [Fact]
    public async Task Code_comes_from_an_S3_compatible_store()
    {
        var clients = await Clients.FolderAsync();
        var port = FreePort();
        await using var node = await TestNode.StartAsync("--s3-endpoint", $"http://127.0.0.1:{port}");
        var folder = Directory.CreateDirectory(Path.Combine(node.Data, "store")).FullName;
        using var server = Process.Start(Clients.Node(clients, node.Endpoint, Path.Combine(clients, "node_modules/s3rver/bin/s3rver.js"), "-d", folder, "-a", "127.0.0.1", "-p", $"{port}", "--silent", "--configure-bucket", "code"))!;
        try
        {
            using var http = new HttpClient();
            await Patience.UntilAsync("the store answers", async () => (await Record.ExceptionAsync(() => http.GetAsync($"http://127.0.0.1:{port}/", TestContext.Current.CancellationToken))) is null);
            // s3rver takes whoever signs nothing for anonymous, and lets it write to its buckets.
            using var put = await http.PutAsync($"http://127.0.0.1:{port}/code/v1/app.zip", new ByteArrayContent(FunctionZip.Of(("app.py", App))), TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.OK, put.StatusCode);
            var create = new JsonObject
            {
                ["FunctionName"] = "stored",
                ["Runtime"] = "python3.12",
                ["Handler"] = "app.handler",
                ["Role"] = "arn:aws:iam::000000000000:role/test",
                ["Timeout"] = 20,
                ["Code"] = new JsonObject { ["S3Bucket"] = "code", ["S3Key"] = "v1/app.zip" },
            };
            using var made = await http.PostAsync(new Uri(node.Endpoint, "/2015-03-31/functions"), new StringContent(create.ToJsonString()), TestContext.Current.CancellationToken);
            Assert.True(made.StatusCode == HttpStatusCode.Created, await made.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
            await Patience.UntilAsync("it answers", async () => (await node.Client.InvokeAsync("stored", "7")) is { Succeeded: true, Body: "7" });

            create["FunctionName"] = "absent";
            create["Code"]!["S3Key"] = "v2/app.zip";
            using var refused = await http.PostAsync(new Uri(node.Endpoint, "/2015-03-31/functions"), new StringContent(create.ToJsonString()), TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
            Assert.Contains("S3 Error Code: NoSuchKey", await refused.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        }
        finally
        {
            server.Kill(entireProcessTree: true);
            await server.WaitForExitAsync(CancellationToken.None);
        }
    }

    /// <summary>None that the kernel hands out by itself: one that is let go of here must still be free when the store takes it, seconds later.</summary>
    private static int FreePort()
    {
        while (true)
        {
            using var listener = new TcpListener(IPAddress.Loopback, Random.Shared.Next(20_000, 30_000));
            try
            {
                listener.Start();
                return ((IPEndPoint)listener.LocalEndpoint).Port;
            }
            catch (SocketException)
            {
                // Somebody has it.
            }
        }
    }
}
