using System.Net.Sockets;
using Grpc.Net.Client;
using Hearth.Contracts.Access;
using Hearth.ControlPlane.Hosting;
using Hearth.ControlPlane.Store;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;

namespace Hearth.ControlPlane.Tests.Support;

/// <summary>A real server on real sockets in a data directory of its own.</summary>
internal sealed class TestServer : IAsyncDisposable
{
    private readonly TempFolder _folder;
    private readonly ServerOptions _options;
    private ControlPlaneServer _server;

    private TestServer(TempFolder folder, ServerOptions options)
    {
        _folder = folder;
        _options = options;
        _server = new ControlPlaneServer(options);
        Rest = new HttpClient(Handler("rest.sock")) { BaseAddress = new Uri("http://localhost") };
        // As an agent in local mode does.
        Rest.DefaultRequestHeaders.Add(CallerIdentity.Header, CallerIdentity.LocalText);
        Grpc = Channel();
    }

    public HttpClient Rest { get; }

    public GrpcChannel Grpc { get; private set; }

    public string Data => _folder.Path;

    public Hearth.ControlPlane.Agents.AgentRegistry Agents => _server.Services.GetRequiredService<Hearth.ControlPlane.Agents.AgentRegistry>();

    public int RestPort => new Uri(_server.Addresses.First(a => a.StartsWith("http://127.0.0.1", StringComparison.Ordinal))).Port;

    /// <summary>Of the gRPC port, when it has one and no REST port.</summary>
    public string GrpcAddress => _server.Addresses.First(a => a.StartsWith("http://127.0.0.1", StringComparison.Ordinal));

    /// <summary>A connection to the REST socket.</summary>
    public async Task<Socket> ConnectAsync()
    {
        var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await connection.ConnectAsync(new UnixDomainSocketEndPoint(Path.Join(Data, "run", "control", "rest.sock")));
        return connection;
    }

    /// <summary>SQLite finds the disk full as soon as it needs one more page, until <paramref name="full"/> is false again.</summary>
    public void SetDiskFull(bool full) => _server.Services.GetRequiredService<Database>().Read(connection =>
    {
        using SqliteCommand command = connection.CreateCommand();
        // No less than what is there: SQLite makes that of 1.
        command.CommandText = full ? "PRAGMA max_page_count=1" : "PRAGMA max_page_count=1000000000";
        return command.ExecuteScalar();
    });

    public static async Task<TestServer> StartAsync(bool tcp = false, Func<ServerOptions, ServerOptions>? change = null)
    {
        var folder = new TempFolder();
        var options = new ServerOptions { DataDirectory = folder.Path, RestPort = tcp ? 0 : null };
        var server = new TestServer(folder, change?.Invoke(options) ?? options);
        await server._server.StartAsync();
        return server;
    }

    /// <summary>Stops the server and leaves the clients, which see how it hangs up.</summary>
    public Task StopAsync() => _server.StopAsync();

    public async Task RestartAsync()
    {
        await _server.StopAsync();
        await _server.DisposeAsync();
        Grpc.Dispose();
        _server = new ControlPlaneServer(_options);
        await _server.StartAsync();
        Grpc = Channel();
    }

    public async ValueTask DisposeAsync()
    {
        Grpc.Dispose();
        Rest.Dispose();
        await _server.StopAsync();
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    private GrpcChannel Channel() => GrpcChannel.ForAddress("http://localhost", new GrpcChannelOptions
    {
        HttpHandler = Handler("grpc.sock"),
        DisposeHttpClient = true,
        MaxReceiveMessageSize = null,
    });

    private SocketsHttpHandler Handler(string socket) => new()
    {
        // By default a client sends its body after a second without an answer, and one that a busy server has refused by then breaks off in the middle.
        Expect100ContinueTimeout = TimeSpan.FromMinutes(1),
        ConnectCallback = async (_, cancellationToken) =>
        {
            var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await connection.ConnectAsync(new UnixDomainSocketEndPoint(Path.Join(Data, "run", "control", socket)), cancellationToken);
            return new NetworkStream(connection, ownsSocket: true);
        },
    };
}
