using Grpc.Core;
using Grpc.Core.Interceptors;
using Hearth.Contracts;
using Hearth.ControlPlane.Access;

namespace Hearth.ControlPlane.Api.Grpc;

/// <summary>
/// The TCP port of gRPC knows no signatures: once access keys exist, it serves nobody, and the Unix socket, which the file system guards, is left.
/// </summary>
internal sealed class SocketOnly(KeyService keys) : Interceptor
{
    private const string AgentLinkPrefix = "/hearth.v1.AgentLink/";

    public override Task<TResponse> UnaryServerHandler<TRequest, TResponse>(TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        Check(context);
        return continuation(request, context);
    }

    public override Task<TResponse> ClientStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, ServerCallContext context, ClientStreamingServerMethod<TRequest, TResponse> continuation)
    {
        Check(context);
        return continuation(requestStream, context);
    }

    public override Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, ServerStreamingServerMethod<TRequest, TResponse> continuation)
    {
        Check(context);
        return continuation(request, responseStream, context);
    }

    public override Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, DuplexStreamingServerMethod<TRequest, TResponse> continuation)
    {
        Check(context);
        return continuation(requestStream, responseStream, context);
    }

    private void Check(ServerCallContext context)
    {
        if (context.GetHttpContext().Connection.RemoteIpAddress is null)
            return;
        // What agents are told holds secrets, and what they say is believed, keys or not.
        if (context.Method.StartsWith(AgentLinkPrefix, StringComparison.Ordinal))
            throw GrpcErrors.ToRpc(LambdaError.AccessDenied("Agents are served on the node's Unix socket only."));
        if (keys.Any)
            throw GrpcErrors.ToRpc(LambdaError.AccessDenied("Access keys exist, so gRPC is served on the node's Unix socket only."));
    }
}
