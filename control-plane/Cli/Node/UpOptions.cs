namespace Hearth.Cli.Node;

/// <param name="Port">0 = any free one.</param>
/// <param name="GrpcPort">Null = Unix socket only.</param>
/// <param name="MemoryBudgetMb">Null = the agent decides from the machine.</param>
internal sealed record UpOptions(
    string DataDirectory, string Host, int Port, int? GrpcPort, int? MemoryBudgetMb, int? BillingIncrementMs, bool CpuCap, bool Verbose);
