using System.Net.Sockets;
using System.Text;
using Hearth.Agent.Tests.Fakes;
using Xunit;

namespace Hearth.Agent.Tests.Ingress;

/// <summary>Without keys only this machine is served, and no web page in a browser on it.</summary>
public sealed class LocalModeGuardTests
{
    [Fact]
    public async Task Hosts_origins_and_cross_site_requests()
    {
        await using var node = await TestNode.StartAsync();
        (string Headers, int Status)[] table =
        [
            ("Host: localhost", 200), ("Host: localhost:9000", 200), ("Host: 127.0.0.1", 200), ("Host: 127.8.9.10:80", 200), ("Host: [::1]:9000", 200),
            ("Host: LOCALHOST", 200),
            ("Host: example.com", 403), ("Host: 127.0.0.1.example.com", 403), ("Host: localhost.evil.com:9000", 403), ("Host: 10.0.0.1", 403), ("Host: [::2]", 403),
            ("Host: 0.0.0.0", 403), ("Host:", 403),
            ("Host: localhost\r\nOrigin: http://localhost:9000", 403), ("Host: localhost\r\nOrigin: null", 403),
            ("Host: localhost\r\nSec-Fetch-Site: cross-site", 403), ("Host: localhost\r\nSec-Fetch-Site: same-site", 403),
            ("Host: localhost\r\nSec-Fetch-Site: none", 200), ("Host: localhost\r\nSec-Fetch-Site: same-origin", 403),
            ("Host: localhost\r\nForwarded: for=192.0.2.1", 403), ("Host: localhost\r\nVia: 1.1 proxy", 403), ("Host: localhost\r\nx-real-ip: 192.0.2.1", 403),
            ("Host: localhost\r\nX-Forwarded-For: 127.0.0.1", 403), ("Host: localhost\r\nx-forwarded-proto:", 403), ("Host: localhost\r\nX-Forwarded-Anything: 1", 403),
        ];
        foreach (var (headers, status) in table)
            Assert.Equal((headers, status), (headers, await StatusAsync(node, headers)));
    }

    [Fact]
    public async Task What_a_proxy_passes_on_is_refused_wherever_it_goes_and_it_is_said_what_to_do()
    {
        await using var node = await TestNode.StartAsync();
        var reached = false;
        node.Control.Rest = context =>
        {
            reached = true;
            return Task.CompletedTask;
        };
        await node.DeployAsync("f", "def handler(event, context):\n    return 1\n");
        foreach (var path in (string[])["/2015-03-31/functions/f/invocations", "/2021-11-15/functions/f/response-streaming-invocations", "/2014-11-13/functions/f/invoke-async", "/2015-03-31/functions", "/"])
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent("{}") };
            request.Headers.Add("X-Forwarded-For", "192.0.2.1");
            using var answer = await node.Http.SendAsync(request, TestContext.Current.CancellationToken);
            Assert.Equal((path, 403), (path, (int)answer.StatusCode));
            var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            Assert.Contains("X-Forwarded-For says that a proxy", text, StringComparison.Ordinal);
            Assert.Contains("hearth keys create --role admin", text, StringComparison.Ordinal);
        }
        using var link = new HttpRequestMessage(HttpMethod.Get, "/hearth-code/token");
        link.Headers.Add("Via", "1.1 proxy");
        using var code = await node.Http.SendAsync(link, TestContext.Current.CancellationToken);
        Assert.Equal((403, false), ((int)code.StatusCode, reached));
    }

    private static async Task<int> StatusAsync(TestNode node, string headers)
    {
        var port = new Uri(node.Agent.Endpoint).Port;
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", port, TestContext.Current.CancellationToken);
        await using var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"GET /healthz HTTP/1.1\r\n{headers}\r\nConnection: close\r\n\r\n"), TestContext.Current.CancellationToken);
        using var reader = new StreamReader(stream);
        var status = await reader.ReadLineAsync(TestContext.Current.CancellationToken);
        return int.Parse(status!.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);
    }
}
