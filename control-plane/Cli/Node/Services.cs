using System.Globalization;

namespace Hearth.Cli.Node;

/// <param name="User">Uid and gid; 0 keeps root.</param>
/// <param name="ExtraGroup">A second group, or null.</param>
/// <param name="Environment">Variables of <c>up</c> that it gets, where they are set.</param>
internal sealed record Service(string Name, IReadOnlyList<string> Arguments, uint User, uint? ExtraGroup, params string[] Environment)
{
    /// <summary>What the process prints on stdout when it is ready; the endpoint may follow.</summary>
    public string ReadyLine => Name + ": ready";
}

/// <summary>The three processes of a node.</summary>
internal static class Services
{
    public const string Spawner = "hearth-spawner";
    public const string ControlPlane = "hearth-control-plane";
    public const string Agent = "hearth-agent";

    /// <summary>Not options: a command line is everybody's to read.</summary>
    public const string S3AccessKeyId = "HEARTH_S3_ACCESS_KEY_ID", S3SecretAccessKey = "HEARTH_S3_SECRET_ACCESS_KEY";

    public static IReadOnlyList<string> Programs { get; } = [Spawner, ControlPlane, Agent];

    /// <summary>In the order of starting: the agent dials the other two.</summary>
    public static IReadOnlyList<Service> Plan(UpOptions options)
    {
        List<string> control = ["--data", options.DataDirectory];
        if (options.GrpcPort is { } grpcPort) control.AddRange(["--grpc-port", Text(grpcPort)]);
        if (options.PricePerMillionRequests is { } request) control.AddRange(["--price-requests", Amount(request)]);
        if (options.PricePerGbSecond is { } gbSecond) control.AddRange(["--price-gb-second", Amount(gbSecond)]);
        if (options.RetryDelays is { } delays) control.AddRange(["--retry-delays", delays]);
        if (options.S3Endpoint is { } store) control.AddRange(["--s3-endpoint", store]);
        if (options.DeadLetterDays is { } days) control.AddRange(["--dead-letter-days", Text(days)]);
        if (options.PutLogsMaxMb is { } putLogs) control.AddRange(["--put-logs-max-mb", Text(putLogs)]);
        if (options.Region is { } region) control.AddRange(["--region", region]);
        if (options.Account is { } account) control.AddRange(["--account", account]);

        List<string> agent = ["--data", options.DataDirectory, "--host", options.Host, "--port", Text(options.Port)];
        if (options.MemoryBudgetMb is { } budget) agent.AddRange(["--memory-budget-mb", Text(budget)]);
        if (options.BillingIncrementMs is { } increment) agent.AddRange(["--billing-increment-ms", Text(increment)]);
        if (options.IdleTimeoutSeconds is { } idle) agent.AddRange(["--idle-timeout-seconds", Text(idle)]);
        if (options.Concurrency is { } concurrency) agent.AddRange(["--max-concurrency", Text(concurrency)]);
        if (options.BurstRate is { } rate) agent.AddRange(["--burst-rate", Text(rate)]);
        if (options.SandboxPool is { } pool) agent.AddRange(["--sandbox-pool", Text(pool)]);
        if (options.Spares is { } spares) agent.AddRange(["--spares", Text(spares)]);
        if (options.CpuCap) agent.Add("--hard-cpu-cap");
        if (options.LogMaxMb is { } megabytes) agent.AddRange(["--log-max-mb", Text(megabytes)]);
        if (options.LogMaxDays is { } age) agent.AddRange(["--log-max-days", Text(age)]);

        List<string> spawner = ["--data", options.DataDirectory];
        if (options.Root is { } root) spawner.AddRange(["--root", root]);
        if (options.TmpInMemory) spawner.AddRange(["--tmp", "memory"]);
        if (options.NoZygote) spawner.AddRange(["--zygote", "off"]);
        foreach (var module in options.ZygoteModules) spawner.AddRange(["--zygote-module", module]);
        foreach (var runtime in options.Runtimes) spawner.AddRange(["--runtime", runtime]);

        return
        [
            new Service(Spawner, spawner, Accounts.Root, ExtraGroup: null),
            new Service(ControlPlane, control, Accounts.Control, ExtraGroup: Accounts.Agent, S3AccessKeyId, S3SecretAccessKey),
            new Service(Agent, agent, Accounts.Agent, ExtraGroup: null),
        ];
    }

    /// <summary>Whoever gives out work ends first; the control plane last, so that it takes the agent's final records.</summary>
    public static IReadOnlyList<string> StopOrder { get; } = [Agent, Spawner, ControlPlane];

    // Never with an exponent: the control plane takes digits and a point.
    private static string Amount(double usd) => ((decimal)usd).ToString(CultureInfo.InvariantCulture);

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
