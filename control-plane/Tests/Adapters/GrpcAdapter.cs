using Google.Protobuf;
using Grpc.Core;
using Hearth.Contracts.V1;

namespace Hearth.ControlPlane.Tests.Adapters;

internal sealed class GrpcAdapter(ChannelBase channel) : IAdapter
{
    private const int ChunkBytes = 1 << 20;

    private readonly Hearth.Contracts.V1.Functions.FunctionsClient _client = new(channel);

    public Task<Outcome> CreateAsync(Settings s, byte[] zip) => RunAsync(() => UploadAsync(_client.CreateFunction(), Message(s), zip));

    public Task<Outcome> DeployAsync(Settings s, byte[] zip) => RunAsync(() => UploadAsync(_client.DeployFunction(), Message(s), zip));

    public Task<Outcome> UpdateCodeAsync(string name, byte[] zip) =>
        RunAsync(() => UploadAsync(_client.UpdateFunctionCode(), new FunctionSettings { FunctionName = name }, zip));

    public Task<Outcome> UpdateConfigurationAsync(Settings change, string? revision) => RunAsync(async () => Of(await _client.UpdateFunctionConfigurationAsync(
        new UpdateFunctionConfigurationRequest { Settings = Message(change), RevisionId = revision ?? "", ClearEnvironment = change.Environment is { Count: 0 } })));

    public Task<Outcome> GetAsync(string name, string? qualifier) =>
        RunAsync(async () => Of(await _client.GetFunctionAsync(new GetFunctionRequest { FunctionName = name, Qualifier = qualifier ?? "" })));

    public Task<Outcome> ListAsync(int? maxItems, string? marker) => RunAsync(async () =>
    {
        ListFunctionsResponse answer = await _client.ListFunctionsAsync(new ListFunctionsRequest { MaxItems = maxItems ?? 0, Marker = marker ?? "" });
        return new Outcome("ok", string.Join(',', answer.Functions.Select(f => f.Settings.FunctionName))) { NextMarker = answer.NextMarker };
    });

    public Task<Outcome> DeleteAsync(string name, string? qualifier) => RunAsync(async () =>
    {
        await _client.DeleteFunctionAsync(new DeleteFunctionRequest { FunctionName = name, Qualifier = qualifier ?? "" });
        return new Outcome("ok");
    });

    private static async Task<Outcome> UploadAsync(AsyncClientStreamingCall<UploadRequest, Function> call, FunctionSettings header, byte[] zip)
    {
        using (call)
        {
            try
            {
                await call.RequestStream.WriteAsync(new UploadRequest { Header = header });
                foreach (byte[] chunk in zip.Chunk(ChunkBytes))
                    await call.RequestStream.WriteAsync(new UploadRequest { ZipChunk = ByteString.CopyFrom(chunk) });
                await call.RequestStream.CompleteAsync();
            }
            catch (Exception e) when (e is RpcException or InvalidOperationException or IOException)
            {
                // The server has answered before the end of the upload: the answer says why.
            }

            return Of(await call.ResponseAsync);
        }
    }

    private static FunctionSettings Message(Settings s)
    {
        var message = new FunctionSettings
        {
            FunctionName = s.Name ?? "",
            Runtime = s.Runtime ?? "",
            Handler = s.Handler ?? "",
            Role = s.Role ?? "",
            Description = s.Description ?? "",
        };
        if (s.Timeout is { } timeout)
            message.TimeoutSeconds = timeout;
        if (s.Memory is { } memory)
            message.MemoryMb = memory;
        if (s.Tmp is { } tmp)
            message.EphemeralStorageMb = tmp;
        message.Architectures.AddRange(s.Architectures ?? []);
        foreach ((string key, string value) in s.Environment ?? [])
            message.Environment[key] = value;
        return message;
    }

    private static Outcome Of(Function f) => new("ok")
    {
        Arn = f.FunctionArn,
        Sha256 = f.CodeSha256,
        Revision = f.RevisionId,
        State = f.State,
        LastUpdate = f.LastUpdateStatus,
        Timeout = f.Settings.TimeoutSeconds,
        Memory = f.Settings.MemoryMb,
        Tmp = f.Settings.EphemeralStorageMb,
    };

    private static async Task<Outcome> RunAsync(Func<Task<Outcome>> call)
    {
        try
        {
            return await call();
        }
        catch (RpcException e)
        {
            return new Outcome(e.Trailers.GetValue("x-amzn-errortype") ?? $"grpc {e.StatusCode}", e.Status.Detail);
        }
    }
}
