using Hearth.Cli.Node;
using Xunit;

namespace Hearth.Cli.Tests;

/// <summary>What <c>up</c> was told reaches the process that it is for, spelled as that process reads it.</summary>
public sealed class ServicesTests
{
    private static readonly UpOptions Plain = new("/d", "127.0.0.1", 9160, GrpcPort: null, Root: null, TmpInMemory: false, MemoryBudgetMb: null, BillingIncrementMs: null, CpuCap: false,
        IdleTimeoutSeconds: null, PricePerMillionRequests: null, PricePerGbSecond: null, Verbose: false);

    [Fact]
    public void Unasked_only_where_it_is_is_passed_on()
    {
        Assert.Equal("--data /d", Of(Plain, Services.Spawner));
        Assert.Equal("--data /d", Of(Plain, Services.ControlPlane));
        Assert.Equal("--data /d --host 127.0.0.1 --port 9160", Of(Plain, Services.Agent));
    }

    [Fact]
    public void Options_go_to_the_process_they_are_for()
    {
        var all = Plain with
        {
            GrpcPort = 9161,
            Root = "/image",
            TmpInMemory = true,
            MemoryBudgetMb = 4096,
            BillingIncrementMs = 100,
            CpuCap = true,
            IdleTimeoutSeconds = 86_400,
            Concurrency = 50,
            BurstRate = 20,
            PricePerMillionRequests = 0.2,
            PricePerGbSecond = 0.5,
            Region = "eu-west-1",
            Account = "123456789012",
            SandboxPool = 0,
            NoZygote = true,
            ZygoteModules = ["decimal", "urllib.request"],
            Spares = 2,
            LogMaxMb = 8,
            PutLogsMaxMb = 16,
            LogMaxDays = 30,
            Runtimes = ["python3.9=/usr/local/bin/python3.9", "nodejs22.x=/usr/local/bin/node"],
        };
        Assert.Equal("--data /d --root /image --tmp memory --zygote off --zygote-module decimal --zygote-module urllib.request --runtime python3.9=/usr/local/bin/python3.9 --runtime nodejs22.x=/usr/local/bin/node", Of(all, Services.Spawner));
        Assert.Equal("--data /d --grpc-port 9161 --price-requests 0.2 --price-gb-second 0.5 --put-logs-max-mb 16 --region eu-west-1 --account 123456789012", Of(all, Services.ControlPlane));
        Assert.Equal("--data /d --host 127.0.0.1 --port 9160 --memory-budget-mb 4096 --billing-increment-ms 100 --idle-timeout-seconds 86400 --max-concurrency 50 --burst-rate 20 --sandbox-pool 0 --spares 2 --hard-cpu-cap --log-max-mb 8 --log-max-days 30", Of(all, Services.Agent));
    }

    [Theory]
    [InlineData(0, "0")]
    [InlineData(0.0000166667, "0.0000166667")]
    [InlineData(0.00000001, "0.00000001")]
    [InlineData(999_999, "999999")]
    public void A_price_has_no_exponent(double usd, string text)
    {
        Assert.Equal($"--data /d --price-gb-second {text}", Of(Plain with { PricePerGbSecond = usd }, Services.ControlPlane));
        Assert.Equal($"--data /d --price-requests {text}", Of(Plain with { PricePerMillionRequests = usd }, Services.ControlPlane));
    }

    [Fact]
    public async Task The_command_line_reaches_the_processes()
    {
        TemporaryFolder.RequireRoot();
        using var node = new FakeNode(arguments: ["--price-requests", "0.25", "--price-gb-second", "0.00002", "--idle-timeout-seconds", "60", "--hard-cpu-cap", "--region", "eu-west-1", "--log-max-days", "7"]);
        await node.ReadyAsync();
        Assert.EndsWith(" --price-requests 0.25 --price-gb-second 0.00002 --region eu-west-1", node.Arguments(Services.ControlPlane));
        Assert.EndsWith(" --idle-timeout-seconds 60 --hard-cpu-cap --log-max-days 7", node.Arguments(Services.Agent));
    }

    private static string Of(UpOptions options, string name) => string.Join(' ', Services.Plan(options).Single(service => service.Name == name).Arguments);
}
