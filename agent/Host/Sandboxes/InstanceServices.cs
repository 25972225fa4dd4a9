using Hearth.Agent.Functions;
using Hearth.Agent.Hosting;
using Hearth.Agent.Reporting.Journal;
using Hearth.Agent.Reporting.Logs;
using Hearth.Agent.Spawning;
using Hearth.Agent.Streaming;

namespace Hearth.Agent.Sandboxes;

/// <param name="BillingIncrementMs">1 as AWS bills today, 100 as in 2015.</param>
/// <param name="HardCpuCap">cpu.max instead of a work-conserving weight.</param>
/// <param name="InitLimit">Lambda's is 10 s.</param>
/// <param name="SpawnerPatience">How long a start waits for a spawner that is away.</param>
/// <param name="MaxStreamedBytes">Of one streamed answer; Lambda's is 200 MiB.</param>
internal sealed record InstanceSettings(int BillingIncrementMs, bool HardCpuCap, TimeSpan InitLimit, TimeSpan SpawnerPatience, long MaxStreamedBytes = 200L << 20)
{
    public static InstanceSettings Default { get; } = new(1, false, TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(5));
}

/// <summary>What every instance works with.</summary>
internal sealed record InstanceServices(
    EventLoop Loop, ISpawner Spawner, CodeStore Code, LogStore Logs, InvocationJournal Journal, TimeProvider Time, ILogger Log, InstanceSettings Settings,
    InstalledRuntimes Runtimes);
