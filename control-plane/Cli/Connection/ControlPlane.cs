using System.CommandLine;
using System.Net.Sockets;
using Grpc.Net.Client;
using Hearth.Cli.Errors;
using Hearth.Contracts.V1;

namespace Hearth.Cli.Connection;

/// <summary>The node's management API over its Unix socket.</summary>
internal sealed class ControlPlane : IDisposable
{
    // A 6 MiB payload and its envelope.
    private const int MaxReceiveBytes = 16 << 20;

    private readonly GrpcChannel _channel;

    private ControlPlane(string socketPath)
    {
        var handler = new SocketsHttpHandler
        {
            EnableMultipleHttp2Connections = false,
            ConnectCallback = async (_, cancellationToken) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                try
                {
                    await socket.ConnectAsync(new UnixDomainSocketEndPoint(socketPath), cancellationToken);
                    return new NetworkStream(socket, ownsSocket: true);
                }
                catch
                {
                    socket.Dispose();
                    throw;
                }
            },
        };
        _channel = GrpcChannel.ForAddress("http://localhost", new GrpcChannelOptions
        {
            HttpHandler = handler,
            DisposeHttpClient = true,
            MaxReceiveMessageSize = MaxReceiveBytes,
            MaxSendMessageSize = MaxReceiveBytes,
        });
        Functions = new Contracts.V1.Functions.FunctionsClient(_channel);
        Operations = new Contracts.V1.Operations.OperationsClient(_channel);
        Events = new Contracts.V1.Events.EventsClient(_channel);
        Keys = new Contracts.V1.Keys.KeysClient(_channel);
        Routes = new Contracts.V1.Routes.RoutesClient(_channel);
    }

    public Contracts.V1.Functions.FunctionsClient Functions { get; }

    public Contracts.V1.Operations.OperationsClient Operations { get; }

    public Contracts.V1.Events.EventsClient Events { get; }

    public Contracts.V1.Keys.KeysClient Keys { get; }

    public Contracts.V1.Routes.RoutesClient Routes { get; }

    /// <exception cref="CliException">No node runs with this data directory, or this user may not talk to it.</exception>
    public static ControlPlane Connect(ParseResult parsed)
    {
        var data = NodeLocation.Of(parsed);
        var socketPath = NodeLocation.ControlSocket(data);
        if (!File.Exists(socketPath)) throw NoNode(data, socketPath);
        if (System.Text.Encoding.UTF8.GetByteCount(socketPath) > 107)
            throw CliException.Usage("data directory", $"the path of its socket is longer than the 107 bytes Linux allows ({socketPath})", "use a shorter --data");
        return new ControlPlane(socketPath);
    }

    private static CliException NoNode(string data, string socketPath)
    {
        // The folder of the socket is closed to others, so for them "not there" and "not allowed" look alike.
        var maybeHidden = !Environment.IsPrivilegedProcess && Directory.Exists(Path.GetDirectoryName(socketPath));
        return maybeHidden
            ? new CliException(ExitCode.Unreachable, "node", $"user '{Environment.UserName}' may not talk to the node in {data}", "run the command with sudo")
            : new CliException(ExitCode.Unreachable, "node", $"none is running with data directory {data}", $"start one with: {TypedCommand.Start(data)}");
    }

    public void Dispose() => _channel.Dispose();
}
