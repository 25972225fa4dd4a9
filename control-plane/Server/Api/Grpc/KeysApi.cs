using Grpc.Core;
using Hearth.Contracts;
using Hearth.Contracts.Access;
using Hearth.Contracts.V1;
using Hearth.ControlPlane.Access;
using Hearth.ControlPlane.Agents;
using Hearth.ControlPlane.Functions;
using Hearth.ControlPlane.Store;

namespace Hearth.ControlPlane.Api.Grpc;

/// <summary>The Keys service. A change is answered when the connected agents go by it.</summary>
public sealed class KeysApi(KeyService keys, FunctionStore functions, AgentRegistry agents, FunctionAddress address) : Keys.KeysBase
{
    /// <summary>Whoever takes a key away relies on it.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    public override async Task<CreateKeyResponse> CreateKey(CreateKeyRequest request, ServerCallContext context)
    {
        RequireSocket(context);
        (KeyDefinition key, bool isFirst) = keys.Create(request.Role, request.Name, request.Functions);
        await SettleAsync(context);
        return new CreateKeyResponse { Key = MessageOf(key), Secret = key.Secret, IsFirst = isFirst };
    }

    public override Task<ListKeysResponse> ListKeys(ListKeysRequest request, ServerCallContext context)
    {
        RequireSocket(context);
        var response = new ListKeysResponse();
        response.Keys.AddRange(keys.List().Select(MessageOf));
        return Task.FromResult(response);
    }

    public override async Task<KeyInfo> SetKeyEnabled(SetKeyEnabledRequest request, ServerCallContext context)
    {
        RequireSocket(context);
        KeyDefinition key = keys.SetEnabled(request.KeyId, request.Enabled);
        await SettleAsync(context);
        return MessageOf(key);
    }

    public override async Task<RemoveKeyResponse> RemoveKey(RemoveKeyRequest request, ServerCallContext context)
    {
        RequireSocket(context);
        int left = keys.Remove(request.KeyId, request.AllowLast);
        await SettleAsync(context);
        return new RemoveKeyResponse { Left = left };
    }

    private static void RequireSocket(ServerCallContext context)
    {
        if (context.GetHttpContext().Connection.RemoteIpAddress is not null)
            throw new LambdaException(LambdaError.AccessDenied("Access keys are managed over the node's Unix socket only (hearth keys)."));
    }

    private Task SettleAsync(ServerCallContext context) => agents.SettleAsync(functions.Changes, context.CancellationToken, Patience);

    private KeyInfo MessageOf(KeyDefinition key)
    {
        var message = new KeyInfo
        {
            KeyId = key.Id,
            Role = key.Role,
            Name = key.Name,
            Disabled = !key.IsEnabled,
            CreatedUnixMs = key.Created.ToUnixTimeMilliseconds(),
            Arn = new CallerIdentity(key.Id, key.Name, key.Role, []).Arn(address.Account),
        };
        message.Functions.AddRange(key.Functions);
        return message;
    }
}
