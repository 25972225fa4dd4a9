using Hearth.Contracts.V1;
using Hearth.ControlPlane.Access;
using Hearth.ControlPlane.Functions;
using Hearth.ControlPlane.Store;

namespace Hearth.ControlPlane.Agents;

/// <summary>Definitions as agents need them.</summary>
public sealed class FunctionSpecs(FunctionStore store, FunctionAddress address, AccountSpec account)
{
    public ulong Changes => store.Changes;

    public ControlMessage Snapshot()
    {
        var snapshot = new Snapshot { Account = account.Current() };
        foreach (FunctionEntry entry in store.Current.Values)
        {
            snapshot.Functions.AddRange(entry.All.Select(f => Of(entry, f)));
            snapshot.Aliases.AddRange(entry.Aliases.Values.Select(Of));
        }

        return new ControlMessage { Snapshot = snapshot };
    }

    public AccountSettings Account() => account.Current();

    /// <summary>The function as it is now, or that it is gone.</summary>
    public ControlMessage Change(string name)
    {
        if (!store.Current.TryGetValue(name, out FunctionEntry? entry))
            return new ControlMessage { Removed = new FunctionRemoved { FunctionName = name } };
        var set = new FunctionSet { FunctionName = name };
        set.Versions.AddRange(entry.All.Select(f => Of(entry, f)));
        set.Aliases.AddRange(entry.Aliases.Values.Select(Of));
        return new ControlMessage { Upsert = set };
    }

    private static AliasSpec Of(AliasDefinition alias) => new()
    {
        FunctionName = alias.Function,
        Name = alias.Name,
        FunctionVersion = alias.Version,
        AdditionalVersion = alias.AdditionalVersion ?? "",
        AdditionalWeight = alias.AdditionalWeight,
    };

    private FunctionSpec Of(FunctionEntry entry, FunctionDefinition f)
    {
        var spec = new FunctionSpec
        {
            FunctionName = f.Name,
            Version = f.Version,
            FunctionArn = address.Arn(f.Name),
            Runtime = f.Runtime,
            Language = f.Language,
            Handler = f.Handler,
            TimeoutSeconds = f.TimeoutSeconds,
            MemoryMb = f.MemoryMb,
            EphemeralStorageMb = f.EphemeralStorageMb,
            CodeSha256Hex = f.CodeSha256,
            CodeSize = f.CodeSize,
            RevisionId = f.RevisionId,
            ReservedConcurrency = entry.ReservedConcurrency ?? -1,
            ProvisionedConcurrency = entry.ProvisionedOf(f.Version),
        };
        foreach ((string key, string value) in f.Environment ?? new Dictionary<string, string>())
            spec.Environment[key] = value;
        spec.LayerSha256Hex.AddRange(f.Layers.Select(l => l.Sha256));
        return spec;
    }
}
