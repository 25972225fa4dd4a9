using Tmds.Linux;
using static Tmds.Linux.LibC;

namespace Hearth.Adapter.Http;

/// <summary>Which exchange serves a request.</summary>
internal interface IRouter
{
    IExchange Begin(HttpRequest request, HttpConnection connection);
}

/// <summary>The loopback port that runtimes and extensions talk to.</summary>
internal sealed unsafe class HttpServer : IReadiness
{
    /// <summary>A runtime and ten extensions need two each. More are closed at once.</summary>
    private const int MaxConnections = 128;

    private readonly Reactor _reactor;
    private readonly int _socket;
    private readonly HashSet<HttpConnection> _connections = [];

    /// <exception cref="IOException">The port cannot be had.</exception>
    public HttpServer(Reactor reactor, int port, IRouter router)
    {
        _reactor = reactor;
        Router = router;
        _socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        var one = 1;
        if (_socket < 0 || setsockopt(_socket, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(int)) != 0)
            throw new IOException($"a socket cannot be had: errno {errno}");
        var address = new sockaddr_in { sin_family = AF_INET, sin_port = htons((ushort)port) };
        ReadOnlySpan<byte> loopback = [127, 0, 0, 1];
        loopback.CopyTo(new Span<byte>(&address.sin_addr, 4));
        if (bind(_socket, (sockaddr*)&address, sizeof(sockaddr_in)) != 0 || listen(_socket, MaxConnections) != 0)
            throw new IOException($"127.0.0.1:{port} cannot be listened on: errno {errno}");
        socklen_t length = sizeof(sockaddr_in);
        _ = getsockname(_socket, (sockaddr*)&address, &length);
        Port = ntohs(address.sin_port);
        reactor.Add(_socket, EPOLLIN, this);
    }

    public int Port { get; }

    public IRouter Router { get; }

    public void OnReady(bool readable, bool writable, bool hungUp)
    {
        while (true)
        {
            var client = accept4(_socket, null, null, SOCK_CLOEXEC | SOCK_NONBLOCK);
            if (client < 0)
                return;
            if (_connections.Count >= MaxConnections)
            {
                Descriptors.Close(client);
                continue;
            }
            var one = 1;
            _ = setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(int));
            _connections.Add(new HttpConnection(_reactor, this, client));
        }
    }

    public void Forget(HttpConnection connection) => _connections.Remove(connection);
}
