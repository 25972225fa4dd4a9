using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Hearth.NativeTests.Harness;

namespace Hearth.NativeTests.Escape;

/// <summary>Bait on the host, and what a probe is told about it: a socket that listens, a file that all may read, pids, the node's ports.</summary>
internal sealed class HostFacts : IDisposable
{
    private readonly string _abstractName = $"hearth-probe-{Guid.NewGuid():N}";
    private readonly string _marker = $"/tmp/hearth-marker-{Guid.NewGuid():N}";
    private readonly Socket _abstract = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly TcpListener _loopback = new(IPAddress.Loopback, 0);
    private readonly TcpListener _everywhere = new(IPAddress.Any, 0);

    public HostFacts(string data, int agentPort, IEnumerable<int> pids)
    {
        _abstract.Bind(new UnixDomainSocketEndPoint("\0" + _abstractName));
        _abstract.Listen();
        _loopback.Start();
        _everywhere.Start();
        File.WriteAllText(_marker, "of the host");
        File.SetUnixFileMode(_marker, (UnixFileMode)0b110_100_100);
        Json = new JsonObject
        {
            ["abstract"] = _abstractName,
            ["marker"] = _marker,
            ["data"] = data,
            ["secret"] = TestNode.Secret,
            ["hostname"] = Environment.MachineName,
            ["sys_resource"] = HasSysResource(),
            ["pids"] = new JsonArray([.. pids.Select(pid => (JsonNode)pid)]),
            ["ports"] = new JsonArray(agentPort, Port(_loopback), Port(_everywhere)),
            ["addresses"] = new JsonArray([.. Addresses().Select(address => (JsonNode)address)]),
        };
    }

    public JsonObject Json { get; }

    public void Dispose()
    {
        _abstract.Dispose();
        _loopback.Dispose();
        _everywhere.Dispose();
        File.Delete(_marker);
    }

    private static bool HasSysResource()
    {
        var line = File.ReadLines("/proc/self/status").First(text => text.StartsWith("CapEff:", StringComparison.Ordinal));
        return (Convert.ToUInt64(line[7..].Trim(), 16) & (1UL << 24)) != 0;
    }

    private static int Port(TcpListener listener) => ((IPEndPoint)listener.LocalEndpoint).Port;

    private static IEnumerable<string> Addresses() =>
        from card in NetworkInterface.GetAllNetworkInterfaces()
        from address in card.GetIPProperties().UnicastAddresses
        where address.Address.AddressFamily == AddressFamily.InterNetwork && !IPAddress.IsLoopback(address.Address)
        select address.Address.ToString();
}
