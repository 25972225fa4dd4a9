using System.Globalization;
using System.Net;

namespace Hearth.Agent.Hosting;

/// <summary>The command line is wrong; exit code 2.</summary>
internal sealed class UsageException(string message) : Exception(message);

/// <summary>What the command line says.</summary>
internal sealed record AgentOptions
{
    public const string Usage = """
        usage: hearth-agent --data DIR [options]
          --data DIR                  data directory: code in DIR/code, own state in DIR/agent, sockets in DIR/run
          --host ADDRESS              address to serve on; others than loopback need access keys (default 127.0.0.1)
          --port N                    0-65535, 0 = any free one (default 9000)
          --memory-budget-mb N        what all instances' memory settings together may reach (default 75 % of MemAvailable now)
          --max-concurrency N         invocations under way at once, all functions together (default 1000)
          --burst-rate N              1-1000000, invocations a second that one function may begin (default: as many as come)
          --idle-timeout-seconds N    an instance unused for so long is ended, unless its function has a habit (default 600)
          --freeze-after-ms N         0-100, an instance stops running so long after its answer (default 80)
          --billing-increment-ms N    1-60000, duration is billed in steps of this (default 1)
          --sandbox-pool N            0-256, sandboxes kept ready for starts to come, at most (default 16; 0 = none)
          --spares N                  0-256, instances initialised ahead of need and not used yet, at most (default 16; 0 = none, and
                                      --idle-timeout-seconds holds for every function)
          --hard-cpu-cap              limit CPU to memory/1769 MB instead of sharing idle CPU
          --log-max-mb N              log kept on disk of each function (default 64)
          --log-max-days N            age at which log segments are deleted (default 14)
          --drain-seconds N           how long a stop waits for running invocations (default 10)
          --help
        """;

    public required string DataDirectory { get; init; }

    public IPAddress Host { get; init; } = IPAddress.Loopback;

    public int Port { get; init; } = 9000;

    /// <summary>0 = from MemAvailable.</summary>
    public long MemoryBudgetMb { get; init; }

    public int MaxConcurrency { get; init; } = 1000;

    /// <summary>0 = as many as come.</summary>
    public int BurstRate { get; init; }

    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>With a clock of 10 ms the freeze is done by 100 ms after the answer.</summary>
    public TimeSpan FreezeAfter { get; init; } = TimeSpan.FromMilliseconds(80);

    public int BillingIncrementMs { get; init; } = 1;

    /// <summary>0 = none.</summary>
    public int SandboxPool { get; init; } = 16;

    /// <summary>0 = none.</summary>
    public int Spares { get; init; } = 16;

    public bool HardCpuCap { get; init; }

    public int LogMaxMb { get; init; } = 64;

    public int LogMaxDays { get; init; } = 14;

    public TimeSpan DrainTime { get; init; } = TimeSpan.FromSeconds(10);

    /// <exception cref="UsageException">Names the option and what it takes.</exception>
    public static AgentOptions Parse(IReadOnlyList<string> args)
    {
        var options = new AgentOptions { DataDirectory = "" };
        for (var i = 0; i < args.Count; i++)
        {
            var name = args[i];
            if (name == "--hard-cpu-cap")
            {
                options = options with { HardCpuCap = true };
                continue;
            }
            options = options.With(name, ++i < args.Count ? args[i] : throw new UsageException($"{name} needs a value"));
        }
        return options.DataDirectory.Length > 0 ? options : throw new UsageException("--data DIR is missing");
    }

    private AgentOptions With(string name, string value) => name switch
    {
        "--data" => this with { DataDirectory = Path.GetFullPath(value) },
        "--host" => this with { Host = Address(value) },
        "--port" => this with { Port = Number(name, value, 0, 65535) },
        "--memory-budget-mb" => this with { MemoryBudgetMb = Number(name, value, 128, 1 << 24) },
        "--max-concurrency" => this with { MaxConcurrency = Number(name, value, 1, 1_000_000) },
        "--burst-rate" => this with { BurstRate = Number(name, value, 1, 1_000_000) },
        "--idle-timeout-seconds" => this with { IdleTimeout = TimeSpan.FromSeconds(Number(name, value, 1, 86_400)) },
        "--freeze-after-ms" => this with { FreezeAfter = TimeSpan.FromMilliseconds(Number(name, value, 0, 100)) },
        "--billing-increment-ms" => this with { BillingIncrementMs = Number(name, value, 1, 60_000) },
        "--sandbox-pool" => this with { SandboxPool = Number(name, value, 0, 256) },
        "--spares" => this with { Spares = Number(name, value, 0, 256) },
        "--log-max-mb" => this with { LogMaxMb = Number(name, value, 1, 1 << 20) },
        "--log-max-days" => this with { LogMaxDays = Number(name, value, 1, 36_500) },
        "--drain-seconds" => this with { DrainTime = TimeSpan.FromSeconds(Number(name, value, 0, 900)) },
        _ => throw new UsageException($"unknown option {name}"),
    };

    private static IPAddress Address(string value) => value == "localhost" ? IPAddress.Loopback
        : IPAddress.TryParse(value, out var parsed) ? parsed
        : throw new UsageException($"--host takes an IP address such as 127.0.0.1, not '{value}'");

    private static int Number(string name, string value, int min, int max) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max
            ? number
            : throw new UsageException($"{name} takes a number from {min} to {max}, not '{value}'");
}
