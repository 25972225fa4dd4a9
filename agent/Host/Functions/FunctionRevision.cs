using Hearth.Agent.Spawning;
using Hearth.Contracts.V1;

namespace Hearth.Agent.Functions;

/// <summary>All that is needed to run one version of a function as it is now. Immutable; another revision id means other instances.</summary>
internal sealed class FunctionRevision
{
    public FunctionRevision(FunctionSpec spec)
    {
        Spec = spec;
        Timeout = TimeSpan.FromSeconds(spec.TimeoutSeconds);
        Runtime = spec.Language switch
        {
            "python" => RuntimeKind.Python,
            "nodejs" => RuntimeKind.NodeJs,
            "dotnet" => RuntimeKind.Dotnet,
            "provided" => RuntimeKind.Provided,
            _ => throw new ArgumentException($"The control plane sent the language '{spec.Language}', which this agent does not know; upgrade the agent."),
        };
        var arn = spec.FunctionArn.Split(':');
        Region = arn.Length > 3 ? arn[3] : "us-east-1";
        AccountId = arn.Length > 4 ? arn[4] : "000000000000";
        QualifiedArn = spec.FunctionArn + ":" + spec.Version;
    }

    public FunctionSpec Spec { get; }

    public string Name => Spec.FunctionName;

    /// <summary>"$LATEST" or a number.</summary>
    public string Version => Spec.Version;

    public string RevisionId => Spec.RevisionId;

    public TimeSpan Timeout { get; }

    public RuntimeKind Runtime { get; }

    public string Region { get; }

    public string AccountId { get; }

    public string QualifiedArn { get; }

    public FunctionKey Key => new(Name, Version);

    /// <summary>What the sandbox is built from.</summary>
    public SandboxSpec ToSandbox(bool hardCpuCap) => new(
        Runtime,
        Convert.FromHexString(Spec.CodeSha256Hex),
        [.. Spec.LayerSha256Hex.Select(static h => (ReadOnlyMemory<byte>)Convert.FromHexString(h))],
        Spec.MemoryMb,
        Spec.EphemeralStorageMb == 0 ? 512 : Spec.EphemeralStorageMb,
        hardCpuCap);

    /// <summary>Hashes of everything that must lie in the code store.</summary>
    public IEnumerable<string> CodeHashes => Spec.LayerSha256Hex.Prepend(Spec.CodeSha256Hex);
}

internal readonly record struct FunctionKey(string Name, string Version);
