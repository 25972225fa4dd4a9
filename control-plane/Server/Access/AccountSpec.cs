using System.Security.Cryptography;
using Hearth.Contracts.Access;
using Hearth.Contracts.V1;
using Hearth.ControlPlane.Functions;
using Hearth.ControlPlane.Logs;

namespace Hearth.ControlPlane.Access;

/// <summary>What agents are told that belongs to no function, and the key that the control plane itself has with them.</summary>
public sealed class AccountSpec(KeyStore keys, LogFile logs, FunctionAddress address)
{
    private readonly AccessKey _own = new()
    {
        // No key that a person makes can have it, and nobody can name it: what names no key is refused before anything is read.
        KeyId = "hearth-" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)),
        Secret = Convert.ToBase64String(RandomNumberGenerator.GetBytes(30)),
        Role = AccessRole.Admin,
        Name = "hearth-control-plane",
    };

    /// <summary>For requests to agents: those that come in by gRPC and are no client's.</summary>
    public RequestSigner Signer => new(_own.KeyId, _own.Secret, address.Region, "lambda");

    public AccountSettings Current()
    {
        var settings = new AccountSettings { Region = address.Region, AccountId = address.Account, Control = _own };
        settings.Keys.AddRange(keys.Current.Values.Select(Of));
        foreach (LogGroup group in logs.Current.Values)
        {
            if (group.RetentionDays is { } days && LogGroup.FunctionOf(group.Name) is { } function)
                settings.LogRetentionDays[function] = days;
        }

        return settings;
    }

    private static AccessKey Of(KeyDefinition key)
    {
        var message = new AccessKey { KeyId = key.Id, Secret = key.Secret, Role = key.Role, Name = key.Name, Disabled = !key.IsEnabled };
        message.Functions.AddRange(key.Functions);
        return message;
    }
}
