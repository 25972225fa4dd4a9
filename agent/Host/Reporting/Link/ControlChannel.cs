using System.Runtime.CompilerServices;
using Grpc.Core;
using Grpc.Net.Client;
using Hearth.Agent.Functions;
using Hearth.Agent.Ingress;
using Hearth.Contracts.V1;

namespace Hearth.Agent.Reporting.Link;

/// <summary>The gRPC channel to the control plane's Unix socket, and code by its hash over it.</summary>
internal sealed class ControlChannel : ICodeSource, IDisposable
{
    private readonly GrpcChannel _channel;

    public ControlChannel(string socketPath)
    {
        _channel = GrpcChannel.ForAddress("http://control", new GrpcChannelOptions
        {
            // A snapshot holds every function; the control plane is trusted with its size.
            MaxReceiveMessageSize = null,
            DisposeHttpClient = true,
            HttpHandler = new SocketsHttpHandler
            {
                UseProxy = false,
                EnableMultipleHttp2Connections = true,
                KeepAlivePingDelay = TimeSpan.FromSeconds(20),
                KeepAlivePingTimeout = TimeSpan.FromSeconds(10),
                ConnectCallback = async (_, cancellationToken) => await UnixSockets.ConnectAsync(socketPath, cancellationToken),
            },
        });
        Link = new AgentLink.AgentLinkClient(_channel);
    }

    public AgentLink.AgentLinkClient Link { get; }

    public async IAsyncEnumerable<ReadOnlyMemory<byte>> FetchAsync(string sha256Hex, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var call = Link.FetchCode(new FetchCodeRequest { Sha256Hex = sha256Hex }, cancellationToken: cancellationToken);
        while (await NextAsync(call.ResponseStream, cancellationToken))
            yield return call.ResponseStream.Current.Data.Memory;
    }

    public void Dispose() => _channel.Dispose();

    private static async Task<bool> NextAsync(IAsyncStreamReader<CodeChunk> stream, CancellationToken cancellationToken)
    {
        try
        {
            return await stream.MoveNext(cancellationToken);
        }
        catch (RpcException e)
        {
            throw new CodeUnavailableException(e.StatusCode == StatusCode.Unavailable ? "the control plane is away" : e.Status.Detail);
        }
    }
}
