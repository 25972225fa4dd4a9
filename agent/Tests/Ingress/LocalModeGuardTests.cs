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
        ];
        foreach (var (headers, status) in table)
            Assert.Equal((headers, status), (headers, await StatusAsync(node, headers)));
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
