using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Xunit;

namespace Hearth.NativeTests.EndToEnd;

/// <summary>
/// A Lambda runtime client as AWS's .NET one (Amazon.Lambda.RuntimeSupport) uses the Runtime API: HttpClient, which may send chunks and may wait for 100 Continue; the
/// bare name of an exception as Function-Error-Type, its own content type for errors; a socket of its own for streamed answers. It runs inside a sandbox, as the
/// bootstrap that <see cref="RuntimeStackTests"/> deploys: this assembly is the layer.
/// </summary>
public sealed class DotnetClient
{
    private const string ErrorType = "application/vnd.aws.lambda.error+json";

    private static readonly string s_api = Environment.GetEnvironmentVariable("AWS_LAMBDA_RUNTIME_API") ?? "";

    private int _opened;

    /// <summary>The bootstrap's command, from the layer at /opt.</summary>
    public static string Command => $"/usr/bin/dotnet exec /opt/{typeof(DotnetClient).Assembly.GetName().Name}.dll -method {typeof(DotnetClient).FullName}.{nameof(Serves)} -explicit only -noColor -noLogo";

    [Fact(Explicit = true)]
    public async Task Serves()
    {
        using var handler = new SocketsHttpHandler
        {
            ConnectCallback = async (context, cancellationToken) =>
            {
                _opened++;
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                await socket.ConnectAsync(context.DnsEndPoint, cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            },
        };
        using var http = new HttpClient(handler) { BaseAddress = new Uri($"http://{s_api}/2018-06-01/runtime/"), Timeout = Timeout.InfiniteTimeSpan };
        http.DefaultRequestHeaders.UserAgent.ParseAdd($"aws-lambda-dotnet/{Environment.Version}-1.13.1");
        if (Environment.GetEnvironmentVariable("_HANDLER") == "absent")
        {
            // Of an initialisation it sends no Function-Error-Type.
            using var said = await http.PostAsync("init/error", Body(Error("LambdaValidationException", "Unable to find method 'Absent'"), ErrorType), TestContext.Current.CancellationToken);
            Environment.Exit(134);
        }

        while (true)
        {
            using var next = await http.GetAsync("invocation/next", TestContext.Current.CancellationToken);
            next.EnsureSuccessStatusCode();
            var id = next.Headers.GetValues("Lambda-Runtime-Aws-Request-Id").Single();
            var requested = JsonNode.Parse(await next.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!.AsObject();
            if (requested["how"]!.GetValue<string>() is "stream" or "stream-error")
                await StreamAsync(id, requested["how"]!.GetValue<string>() == "stream-error");
            else
                await AnswerAsync(http, id, requested);
        }
    }

    private async Task AnswerAsync(HttpClient http, string id, JsonObject requested)
    {
        var fails = requested["fails"]?.GetValue<bool>() == true;
        using var request = new HttpRequestMessage(HttpMethod.Post, $"invocation/{id}/{(fails ? "error" : "response")}");
        if (fails)
        {
            request.Content = Body(Error("InvalidOperationException", "asked to fail"), ErrorType);
            request.Headers.Add("Lambda-Runtime-Function-Error-Type", "InvalidOperationException");
            request.Headers.Add("Lambda-Runtime-Function-XRay-Error-Cause", """{"working_directory":"/var/task","exceptions":[{"type":"InvalidOperationException","message":"asked to fail","stack":[]}],"paths":[]}""");
        }
        else
        {
            var answer = new JsonObject { ["event"] = requested.DeepClone(), ["opened"] = _opened, ["pad"] = new string('x', requested["size"]?.GetValue<int>() ?? 0) };
            request.Content = Body(answer.ToJsonString(), "application/json");
        }

        request.Headers.TransferEncodingChunked = requested["how"]!.GetValue<string>() == "chunked";
        request.Headers.ExpectContinue = requested["expect"]?.GetValue<bool>() == true;
        using var said = await http.SendAsync(request);
        if (said.StatusCode != HttpStatusCode.Accepted)
        {
            // It throws, and ends by that.
            Console.WriteLine($"Failed to post: {(int)said.StatusCode} {await said.Content.ReadAsStringAsync()}");
            Environment.Exit(1);
        }
    }

    /// <summary>HttpClient has no trailers: written by hand, a chunk for each piece.</summary>
    private static async Task StreamAsync(string id, bool fails)
    {
        var address = s_api.Split(':');
        using var socket = new TcpClient { NoDelay = true };
        await socket.ConnectAsync(address[0], int.Parse(address[1], System.Globalization.CultureInfo.InvariantCulture));
        await using var stream = socket.GetStream();
        await WriteAsync($"POST /2018-06-01/runtime/invocation/{id}/response HTTP/1.1\r\nHost: {s_api}\r\nUser-Agent: aws-lambda-dotnet/{Environment.Version}-1.13.1\r\n" +
            "Content-Type: application/octet-stream\r\nLambda-Runtime-Function-Response-Mode: streaming\r\nTransfer-Encoding: chunked\r\n" +
            "Trailer: Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body\r\n\r\n");
        await WriteAsync("4\r\none \r\n");
        if (!fails)
            await WriteAsync("3\r\ntwo\r\n");
        await WriteAsync("0\r\n");
        if (fails)
            await WriteAsync($"Lambda-Runtime-Function-Error-Type: FormatException\r\nLambda-Runtime-Function-Error-Body: {Convert.ToBase64String(Encoding.UTF8.GetBytes(Error("FormatException", "half way")))}\r\n");
        await WriteAsync("\r\n");
        var answer = new byte[1024];
        var said = Encoding.ASCII.GetString(answer, 0, await stream.ReadAsync(answer));
        if (!said.StartsWith("HTTP/1.1 202 ", StringComparison.Ordinal))
            throw new HttpRequestException(said);

        ValueTask WriteAsync(string text) => stream.WriteAsync(Encoding.ASCII.GetBytes(text));
    }

    private static ByteArrayContent Body(string text, string type) => new(Encoding.UTF8.GetBytes(text)) { Headers = { ContentType = new MediaTypeHeaderValue(type) } };

    private static string Error(string type, string message) =>
        new JsonObject { ["errorType"] = type, ["errorMessage"] = message, ["stackTrace"] = new JsonArray("at Shop.Function.Handle(String input) in Function.cs:line 7") }.ToJsonString(JsonSerializerOptions.Default);
}
