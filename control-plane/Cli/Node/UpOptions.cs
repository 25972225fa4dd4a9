namespace Hearth.Cli.Node;

/// <param name="Port">0 = any free one.</param>
/// <param name="GrpcPort">Null = Unix socket only.</param>
/// <param name="Root">Null = sandboxes see this machine's /usr.</param>
/// <param name="TmpInMemory">/tmp of functions is a tmpfs even where it could be on disk.</param>
/// <param name="MemoryBudgetMb">Null = the agent decides from the machine.</param>
/// <param name="S3Endpoint">Null = code comes in requests only.</param>
/// <param name="RetryDelays">Seconds, comma between; null = as Lambda.</param>
internal sealed record UpOptions(
    string DataDirectory, string Host, int Port, int? GrpcPort, string? Root, bool TmpInMemory, int? MemoryBudgetMb, int? BillingIncrementMs, bool CpuCap,
    int? IdleTimeoutSeconds, double? PricePerMillionRequests, double? PricePerGbSecond, bool Verbose,
    string? RetryDelays = null, int? DeadLetterDays = null, string? S3Endpoint = null, int? Concurrency = null, int? BurstRate = null)
{
    /// <summary>Null = us-east-1.</summary>
    public string? Region { get; init; }

    /// <summary>12 digits; null = 000000000000.</summary>
    public string? Account { get; init; }

    /// <summary>Null = 16.</summary>
    public int? SandboxPool { get; init; }

    /// <summary>Each Python is executed.</summary>
    public bool NoZygote { get; init; }

    /// <summary>What is loaded before Python is forked.</summary>
    public IReadOnlyList<string> ZygoteModules { get; init; } = [];

    /// <summary>Null = 16.</summary>
    public int? Spares { get; init; }

    /// <summary>Of each function's log; null = 64 MB and 14 days.</summary>
    public int? LogMaxMb { get; init; }

    public int? LogMaxDays { get; init; }

    /// <summary>Of all logs that clients put; null = 1,024 MB.</summary>
    public int? PutLogsMaxMb { get; init; }

    /// <summary>ID=PATH: which interpreter runs a runtime id.</summary>
    public IReadOnlyList<string> Runtimes { get; init; } = [];
}
