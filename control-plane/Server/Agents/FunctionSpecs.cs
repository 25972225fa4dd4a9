using Hearth.Contracts;
using Hearth.Contracts.V1;
using Hearth.ControlPlane.Functions;
using Hearth.ControlPlane.Store;

namespace Hearth.ControlPlane.Agents;

/// <summary>Definitions as agents need them.</summary>
public sealed class FunctionSpecs(FunctionStore store, FunctionAddress address)
{
    public ControlMessage Snapshot()
    {
        var snapshot = new Snapshot();
        snapshot.Functions.AddRange(store.Current.Values.Select(Of));
        return new ControlMessage { Snapshot = snapshot };
    }

    /// <summary>The function as it is now, or that it is gone.</summary>
    public ControlMessage Change(string name) => store.Current.TryGetValue(name, out FunctionDefinition? function)
        ? new ControlMessage { Upsert = Of(function) }
        : new ControlMessage { Removed = new FunctionRemoved { FunctionName = name, Version = FunctionName.Latest } };

    private FunctionSpec Of(FunctionDefinition f)
    {
        var spec = new FunctionSpec
        {
            FunctionName = f.Name,
            Version = FunctionName.Latest,
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
            ReservedConcurrency = -1,
        };
        foreach ((string key, string value) in f.Environment ?? new Dictionary<string, string>())
            spec.Environment[key] = value;
        return spec;
    }
}
