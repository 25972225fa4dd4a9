using Grpc.Core;
using Grpc.Core.Interceptors;
using Hearth.Contracts;
using Hearth.ControlPlane.Store;

namespace Hearth.ControlPlane.Api.Grpc;

/// <summary>Turns refusals of the application layer into gRPC statuses; the trailer keeps Lambda's code.</summary>
internal sealed class GrpcErrors(ILogger<GrpcErrors> log) : Interceptor
{
    public override Task<TResponse> UnaryServerHandler<TRequest, TResponse>(TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation) =>
        GuardAsync(() => continuation(request, context), context);

    public override Task<TResponse> ClientStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, ServerCallContext context, ClientStreamingServerMethod<TRequest, TResponse> continuation) =>
        GuardAsync(() => continuation(requestStream, context), context);

    public override Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, ServerStreamingServerMethod<TRequest, TResponse> continuation) =>
        GuardAsync(async () =>
        {
            await continuation(request, responseStream, context);
            return 0;
        }, context);

    public static RpcException ToRpc(LambdaError error)
    {
        var trailers = new Metadata { { LambdaError.TypeTrailer, error.Code } };
        if (error.Reason is { } reason)
            trailers.Add(LambdaError.ReasonTrailer, reason);
        return new RpcException(new Status(StatusOf(error), error.Message), trailers);
    }

    private async Task<T> GuardAsync<T>(Func<Task<T>> call, ServerCallContext context)
    {
        try
        {
            return await call();
        }
        catch (LambdaException e)
        {
            throw ToRpc(e.Error);
        }
        catch (Exception e) when (context.CancellationToken.IsCancellationRequested && e is OperationCanceledException or IOException)
        {
            throw new RpcException(Status.DefaultCancelled);
        }
        catch (Exception e) when (e is not RpcException)
        {
            log.LogError(e, "{Method} failed", context.Method);
            throw ToRpc(StorageFailure.Describe(e));
        }
    }

    private static StatusCode StatusOf(LambdaError error) => error.Status switch
    {
        403 => StatusCode.PermissionDenied,
        404 => StatusCode.NotFound,
        409 => StatusCode.AlreadyExists,
        412 => StatusCode.FailedPrecondition,
        413 or 429 => StatusCode.ResourceExhausted,
        501 => StatusCode.Unimplemented,
        503 => StatusCode.Unavailable,
        >= 500 => StatusCode.Internal,
        _ => StatusCode.InvalidArgument,
    };
}
