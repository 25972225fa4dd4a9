using Grpc.Core;
using Hearth.Contracts.V1;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Hearth.Cli.Tests;

/// <summary>A control plane on the socket where commands look for it: it knows some functions and answers as it is told.</summary>
internal sealed class FakeControlPlane : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly WebApplication _server;

    private FakeControlPlane(Answers answers)
    {
        Directory.CreateDirectory(Path.Combine(Data, "run", "control"));
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenUnixSocket(Path.Combine(Data, "run", "control", "grpc.sock"), socket => socket.Protocols = HttpProtocols.Http2));
        builder.Services.AddGrpc();
        builder.Services.AddSingleton(answers);
        _server = builder.Build();
        _server.MapGrpcService<Service>();
        _server.MapGrpcService<KeyService>();
    }

    public string Data => _folder.Path;

    public static async Task<FakeControlPlane> StartAsync(Answers answers)
    {
        var node = new FakeControlPlane(answers);
        await node._server.StartAsync();
        return node;
    }

    public async ValueTask DisposeAsync()
    {
        await _server.StopAsync();
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    /// <param name="Refusal">Of every invocation.</param>
    public sealed record Answers(HashSet<string> Functions, InvokeResponse? Invocation = null, RpcException? Refusal = null)
    {
        public HashSet<string> Keys { get; init; } = [];
    }

    private sealed class Service(Answers answers) : Contracts.V1.Functions.FunctionsBase
    {
        public override Task<DeleteFunctionResponse> DeleteFunction(DeleteFunctionRequest request, ServerCallContext context) => answers.Functions.Remove(request.FunctionName)
            ? Task.FromResult(new DeleteFunctionResponse())
            : throw new RpcException(new Status(StatusCode.NotFound, $"Function not found: {request.FunctionName}"));

        public override Task<InvokeResponse> Invoke(InvokeRequest request, ServerCallContext context) =>
            Task.FromResult(answers.Invocation ?? throw answers.Refusal ?? new RpcException(new Status(StatusCode.NotFound, request.FunctionName)));
    }

    private sealed class KeyService(Answers answers) : Contracts.V1.Keys.KeysBase
    {
        public override Task<RemoveKeyResponse> RemoveKey(RemoveKeyRequest request, ServerCallContext context)
        {
            if (answers.Keys.Count == 1 && !request.AllowLast)
                throw new RpcException(new Status(StatusCode.FailedPrecondition, $"{request.KeyId} is the last access key"), new Metadata { { "x-amzn-errortype", "LastKeyException" } });
            answers.Keys.Remove(request.KeyId);
            return Task.FromResult(new RemoveKeyResponse { Left = answers.Keys.Count });
        }
    }
}
