using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Hearth.Agent.Ingress;
using Hearth.Agent.Tests.Fakes;
using Hearth.Agent.Tests.Streaming;
using Hearth.Contracts.V1;
using Xunit;

namespace Hearth.Agent.Tests.Web;

/// <summary>An agent whose function "f" does what the body of its event says, or answers with the event itself, and what HTTP gets to it.</summary>
internal sealed class WebNode : IAsyncDisposable
{
    public const string Id = "abcdefghijklmnopqrstuvwxyz012345";
    public const string Host = Id + ".lambda-url.localhost";

    private WebNode(TestNode node, FunctionSpec spec) => (Node, Spec) = (node, spec);

    public TestNode Node { get; }

    public FunctionSpec Spec { get; }

    public static Task<WebNode> StartAsync(UrlSpec? url = null, params RouteSpec[] routes) => StartAsync(url, null, routes);

    public static async Task<WebNode> StartAsync(UrlSpec? url, IngressLimits? limits, params RouteSpec[] routes)
    {
        var node = await StreamingNode.StartAsync(limits: limits);
        var spec = await node.DeployAsync("f", "", timeout: 60, memory: StreamingNode.Memory);
        var web = new WebNode(node, spec);
        if (url is not null)
            await web.PutAsync(url);
        if (routes.Length > 0)
        {
            node.Control.PutRoutes(routes);
            await Eventually.True(() => node.Agent.Catalogue.Routes.Specs.Count == routes.Length);
        }
        return web;
    }

    public static UrlSpec Url(string authType = "NONE", string mode = "BUFFERED", string qualifier = "", string id = Id, CorsSpec? cors = null) =>
        new() { FunctionName = "f", UrlId = id, AuthType = authType, InvokeMode = mode, Qualifier = qualifier, Cors = cors };

    public static RouteSpec Route(string path, string shape, string method = "ANY", string host = "", string function = "f") =>
        new() { RouteId = "r" + shape + path.Length, Path = path, Method = method, Host = host, FunctionName = function, Shape = shape };

    public async Task PutAsync(params UrlSpec[] urls)
    {
        var first = Spec.Clone();
        (first.Version, first.RevisionId) = ("1", Guid.NewGuid().ToString());
        Node.Control.Put(new FunctionSet { FunctionName = "f", Versions = { Spec, first }, Aliases = { new AliasSpec { FunctionName = "f", Name = "live", FunctionVersion = "1" } }, Urls = { urls } });
        await Eventually.True(() => urls.All(u => u.Equals(Node.Agent.Catalogue.FindUrl(u.UrlId))));
    }

    /// <summary>Bytes as given, so that no client makes them better; Host is the function URL's unless the head names one.</summary>
    public async Task<RawAnswer> SendAsync(string head, byte[]? body = null)
    {
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", new Uri(Node.Agent.Endpoint).Port, TestContext.Current.CancellationToken);
        await using var stream = client.GetStream();
        var host = head.Contains("\nHost:", StringComparison.Ordinal) ? "" : $"Host: {Host}\r\n";
        var length = body is null ? "" : $"Content-Length: {body.Length}\r\n";
        await stream.WriteAsync(Encoding.Latin1.GetBytes($"{head.ReplaceLineEndings("\r\n")}\r\n{host}{length}Connection: close\r\n\r\n"), TestContext.Current.CancellationToken);
        await stream.WriteAsync(body ?? [], TestContext.Current.CancellationToken);
        using var all = new MemoryStream();
        try
        {
            await stream.CopyToAsync(all, TestContext.Current.CancellationToken);
        }
        catch (IOException)
        {
            // Cut off by the agent: what came counts.
        }
        return RawAnswer.Parse(all.ToArray());
    }

    /// <summary>The function does these steps.</summary>
    public Task<RawAnswer> StepsAsync(string steps, string head = "POST / HTTP/1.1\nContent-Type: application/json") => SendAsync(head, Encoding.UTF8.GetBytes(steps));

    /// <summary>The function answers so.</summary>
    public Task<RawAnswer> AnswerAsync(string answer, string head = "POST / HTTP/1.1\nContent-Type: application/json") =>
        StepsAsync(new JsonArray(new JsonArray("respond", answer)).ToJsonString(), head);

    public ValueTask DisposeAsync() => Node.DisposeAsync();
}

/// <summary>An HTTP response as it came over the wire.</summary>
internal sealed record RawAnswer(int Status, string Reason, List<(string Name, string Value)> Headers, byte[] Body, bool IsWhole)
{
    public string Text => Encoding.UTF8.GetString(Body);

    public JsonNode Json => JsonNode.Parse(Text)!;

    public string? Header(string name) => Headers.Find(h => h.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Value;

    public IEnumerable<string> All(string name) => Headers.Where(h => h.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(h => h.Value);

    public static RawAnswer Parse(byte[] bytes)
    {
        var end = bytes.AsSpan().IndexOf("\r\n\r\n"u8);
        var lines = Encoding.Latin1.GetString(bytes, 0, end).Split("\r\n");
        var status = lines[0].Split(' ', 3);
        var headers = lines[1..].Select(l => l.Split(':', 2)).Select(p => (p[0], p[1].Trim())).ToList();
        var body = bytes[(end + 4)..];
        var answer = new RawAnswer(int.Parse(status[1], System.Globalization.CultureInfo.InvariantCulture), status[2], headers, body, true);
        return answer.Header("Transfer-Encoding") == "chunked" ? Dechunked(answer) : answer;
    }

    private static RawAnswer Dechunked(RawAnswer answer)
    {
        using var whole = new MemoryStream();
        var rest = answer.Body.AsSpan();
        while (rest.IndexOf("\r\n"u8) is > 0 and var line)
        {
            var size = Convert.ToInt32(Encoding.ASCII.GetString(rest[..line]), 16);
            if (size == 0)
                return answer with { Body = whole.ToArray() };
            rest = rest[(line + 2)..];
            if (rest.Length < size + 2)
                break;
            whole.Write(rest[..size]);
            rest = rest[(size + 2)..];
        }
        return answer with { Body = whole.ToArray(), IsWhole = false };
    }
}
