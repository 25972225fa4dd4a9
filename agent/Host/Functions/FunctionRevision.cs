using Hearth.Agent.Spawning;
using Hearth.Contracts.V1;

namespace Hearth.Agent.Functions;

/// <summary>All that is needed to run one version of a function as it is now. Immutable; another revision id means other instances.</summary>
internal sealed class FunctionRevision
{
    private const int MaxLayers = 5;

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
        if (spec.LayerSha256Hex.Count > MaxLayers)
            throw new ArgumentException($"The control plane sent {spec.LayerSha256Hex.Count} layers; at most {MaxLayers} are possible.");
        Layers = LayerSet.Of(spec.LayerSha256Hex);
    }

    public FunctionSpec Spec { get; private set; }

    /// <summary>What is mounted at /opt; null for nothing.</summary>
    public LayerSet? Layers { get; }

    public string Name => Spec.FunctionName;

    /// <summary>"$LATEST" or a number.</summary>
    public string Version => Spec.Version;

    public string RevisionId => Spec.RevisionId;

    public TimeSpan Timeout { get; }

    public RuntimeKind Runtime { get; }

    /// <summary>It names a script around its runtime, as AWS's runtimes know one and provided, which is a program of the function's own, does not.</summary>
    public bool HasWrapper => Runtime != RuntimeKind.Provided && Spec.Environment.TryGetValue("AWS_LAMBDA_EXEC_WRAPPER", out var script) && script.Length > 0;

    public string Region { get; }

    public string AccountId { get; }

    public string QualifiedArn { get; }

    public FunctionKey Key => new(Name, Version);

    /// <summary>What the sandbox is built from.</summary>
    public SandboxSpec ToSandbox(bool hardCpuCap) => new(
        Runtime,
        Convert.FromHexString(Spec.CodeSha256Hex),
        Layers is { } layers ? [Convert.FromHexString(layers.Hash)] : [],
        Spec.MemoryMb,
        Spec.EphemeralStorageMb == 0 ? 512 : Spec.EphemeralStorageMb,
        hardCpuCap)
    {
        IsExecuted = IsExecuted,
    };

    /// <summary>By the function's own wish: HEARTH_ZYGOTE=off in its environment.</summary>
    public bool IsExecuted => Spec.Environment.TryGetValue("HEARTH_ZYGOTE", out var wish) && wish == "off";

    /// <summary>Hashes of the zips that it is made of.</summary>
    public IEnumerable<string> ZipHashes => Spec.LayerSha256Hex.Prepend(Spec.CodeSha256Hex);

    /// <summary>Hashes of everything that must lie in the code store: the zips, and the folder that several layers are merged in.</summary>
    public IEnumerable<string> CodeHashes => Layers is { IsMerged: true } layers ? ZipHashes.Append(layers.Hash) : ZipHashes;

    /// <summary>Takes a definition that is the same but for what concerns the function as a whole: warm instances stay.</summary>
    /// <returns>False when it is another one.</returns>
    public bool TryAdopt(FunctionSpec spec)
    {
        if (Spec.Equals(spec))
            return true;
        var like = spec.Clone();
        like.ReservedConcurrency = Spec.ReservedConcurrency;
        like.ProvisionedConcurrency = Spec.ProvisionedConcurrency;
        if (!Spec.Equals(like))
            return false;
        Spec = spec;
        return true;
    }
}

internal readonly record struct FunctionKey(string Name, string Version);
