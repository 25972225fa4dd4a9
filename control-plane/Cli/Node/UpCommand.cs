using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Hearth.Cli.Connection;
using Hearth.Cli.Errors;
using Hearth.Cli.Parsing;

namespace Hearth.Cli.Node;

/// <summary><c>hearth up</c>: a whole node in the foreground.</summary>
internal static partial class UpCommand
{
    private static readonly Option<int?> Port = SharedOptions.Number("--port", "TCP port for HTTP, 0-65535; 0 = any free one. Default: 9000", 0, 65535);
    private static readonly Option<string> Host = new("--host") { Description = "Address to serve on, 0.0.0.0 for all of this machine's; others than loopback need access keys (hearth keys)", DefaultValueFactory = _ => "127.0.0.1", HelpName = "IP" };
    private static readonly Option<int?> GrpcPort = SharedOptions.Number("--grpc-port", "Also serve the gRPC API on this TCP port of loopback, 1-65535. Default: only the Unix socket", 1, 65535);
    private static readonly Option<string?> Root = new("--root") { Description = "Root image (rootfs/build-image.sh) whose /usr and /etc functions see. Default: this machine's", HelpName = "DIR" };
    private static readonly Option<string[]> Runtime = new("--runtime") { Description = "Interpreter below /usr that runs functions of a runtime id, python3.9=/usr/local/bin/python3.9 say; may be given again. Default: the nearest installed version", HelpName = "ID=PATH", DefaultValueFactory = _ => [] };
    private static readonly Option<string> Tmp = new("--tmp") { Description = "Where /tmp of functions is: disk, or memory (it then counts as theirs). Memory is also what a machine without loop devices gets", DefaultValueFactory = _ => "disk", HelpName = "disk|memory" };
    private static readonly Option<int?> MemoryBudget = SharedOptions.Number("--memory-budget-mb", "Memory that all instances together may take, MB, 128-16777216. Default: the agent's share of this machine", 128, 16_777_216);
    private static readonly Option<int?> Increment = SharedOptions.Number("--billing-increment-ms", "Invocations are billed in steps of this many ms, 1-60000 (100 = as in 2015). Default: 1", 1, 60_000);
    private static readonly Option<bool> CpuCap = new("--hard-cpu-cap", "--cpu-cap") { Description = "Cap each instance at MB/1769 of a CPU even when the machine is idle, as AWS does" };
    private static readonly Option<int?> IdleTimeout = SharedOptions.Number("--idle-timeout-seconds", "An instance that nobody used for so long is ended, unless its function has a habit, 1-86400. Default: 600", 1, 86_400);
    private static readonly Option<int?> Concurrency = SharedOptions.Number("--concurrency", "Invocations under way at once, all functions together, 1-1000000; more are throttled. Default: 1000", 1, 1_000_000);
    private static readonly Option<int?> BurstRate = SharedOptions.Number("--burst-rate", "Invocations a second that one function may begin, 1-1000000; more are throttled. Default: as many as come", 1, 1_000_000);
    private static readonly Option<int?> SandboxPool = SharedOptions.Number("--sandbox-pool", "Sandboxes kept ready for starts to come, at most, 0-256; 0 = each start makes its own. Default: 16", 0, 256);
    private static readonly Option<string> Zygote = new("--zygote") { Description = "on: Python's interpreter is loaded once and forked for each instance, and anew every 500 instances or 60 s. off: it is executed for each, which takes longer, and no two share memory layout and hash secret", DefaultValueFactory = _ => "on", HelpName = "on|off" };
    private static readonly Option<string[]> ZygoteModule = new("--zygote-module") { Description = "Module of this machine's Python that is loaded before it is forked, such as json or urllib.request, so that functions which import it start sooner; may be given 16 times", HelpName = "NAME", DefaultValueFactory = _ => [] };
    private static readonly Option<int?> Spares = SharedOptions.Number("--spares", "Instances initialised ahead of need and not used yet, at most, 0-256; 0 = none, and the idle time holds for every function. Default: 16", 0, 256);
    private static readonly Option<double?> PriceRequests = Price("--price-requests", "Price of a million requests in USD, for 'hearth usage'. Default: 0.20");
    private static readonly Option<double?> PriceGbSecond = Price("--price-gb-second", "Price of a GB-second in USD. Default: 0.0000166667");
    private static readonly Option<string?> RetryDelays = new("--retry-delays") { Description = "Seconds until an event that its function failed is tried again, first and following times, each 0-3600. Default: 60,120, as AWS", HelpName = "S[,S...]" };
    private static readonly Option<int?> DeadLetterDays = SharedOptions.Number("--dead-letter-days", "Dead letters are kept so many days, 1-3650. Default: 14", 1, 3_650);
    private static readonly Option<string?> S3Endpoint = new("--s3-endpoint") { Description = $"S3-compatible store that S3Bucket and S3Key of code mean, with the keys of {Services.S3AccessKeyId} and {Services.S3SecretAccessKey} if set. Default: none", HelpName = "URL" };
    private static readonly Option<string?> Region = new("--region") { Description = "Region in ARNs, as aws --region and CloudFormation will say it; to be kept, since layers and destinations are named by ARN. Default: us-east-1", HelpName = "NAME" };
    private static readonly Option<string?> Account = new("--account") { Description = "Account in ARNs, 12 digits; to be kept like the region. Default: 000000000000", HelpName = "ID" };
    private static readonly Option<int?> LogMaxMb = SharedOptions.Number("--log-max-mb", "Log kept of each function, MB, 1-1048576. Default: 64", 1, 1_048_576);
    private static readonly Option<int?> LogMaxDays = SharedOptions.Number("--log-max-days", "Older log is deleted, days, 1-36500. Default: 14", 1, 36_500);
    private static readonly Option<int?> PutLogsMaxMb = SharedOptions.Number("--put-logs-max-mb", "Disk that logs put by clients (PutLogEvents) may take, all groups together, MB, 1-1048576. Default: 1024", 1, 1_048_576);
    private static readonly Option<bool> Prepare = new("--prepare") { Description = "Only bring the data directory and the programs in it up to date, as the systemd units do before they start, and end" };
    private static readonly Option<bool> Verbose = new("--verbose", "-v") { Description = "Show the log of the three processes here too" };

    public static Command Create()
    {
        var command = new Verb("up", "Run a node on this machine until Ctrl-C. Needs root; functions and usage stay in the data directory.",
            "sudo hearth up", "sudo hearth up --port 9100 --data /srv/hearth --memory-budget-mb 4096",
            "sudo hearth up --root /var/lib/hearth-images/python")
        {
            Port, Host, GrpcPort, Root, Runtime, Tmp, MemoryBudget, Increment, CpuCap, IdleTimeout, Concurrency, BurstRate, SandboxPool, Spares, Zygote, ZygoteModule, PriceRequests, PriceGbSecond, RetryDelays, DeadLetterDays, S3Endpoint,
            Region, Account, LogMaxMb, LogMaxDays, PutLogsMaxMb, Prepare, Verbose,
        };
        Runtime.Validators.Add(static result =>
        {
            foreach (var given in result.GetValueOrDefault<string[]>() ?? [])
            {
                if (!RuntimePair().IsMatch(given)) result.AddError($"--runtime '{given}' is not a runtime id and a path below /usr: write python3.9=/usr/local/bin/python3.9");
            }
        });
        Tmp.Validators.Add(static result =>
        {
            if (result.GetValueOrDefault<string>() is not ("disk" or "memory") and var other) result.AddError($"--tmp '{other}' is not a place: write disk or memory");
        });
        Zygote.Validators.Add(static result =>
        {
            if (result.GetValueOrDefault<string>() is not ("on" or "off") and var other) result.AddError($"--zygote '{other}' is neither: write on or off");
        });
        ZygoteModule.Validators.Add(static result =>
        {
            var given = result.GetValueOrDefault<string[]>() ?? [];
            if (given.Length > 16) result.AddError("--zygote-module: 16 at most");
            foreach (var name in given)
            {
                if (!ModuleName().IsMatch(name)) result.AddError($"--zygote-module '{name}' is not a module's name: write urllib.request, say");
            }
        });
        RetryDelays.Validators.Add(static result =>
        {
            var parts = result.GetValueOrDefault<string?>()?.Split(',') ?? [];
            if (parts.Length > 10 || parts.Any(static part => !double.TryParse(part, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) || !(seconds <= 3_600)))
                result.AddError($"--retry-delays '{string.Join(',', parts)}' is not a list of seconds: write up to ten numbers from 0 to 3600, such as 60,120");
        });
        S3Endpoint.Validators.Add(static result =>
        {
            var text = result.GetValueOrDefault<string?>();
            if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https") || uri is not { UserInfo: "", Query: "", Fragment: "" })
                result.AddError($"--s3-endpoint '{text}' is not a URL such as https://s3.example.org");
        });
        Region.Validators.Add(static result =>
        {
            if (result.GetValueOrDefault<string?>() is not { Length: > 0 and <= 32 } text || !text.All(static letter => char.IsAsciiLetterLower(letter) || char.IsAsciiDigit(letter) || letter == '-'))
                result.AddError($"--region '{result.GetValueOrDefault<string?>()}' is not a region: write a name such as us-east-1");
        });
        Account.Validators.Add(static result =>
        {
            if (result.GetValueOrDefault<string?>() is not { Length: 12 } text || !text.All(char.IsAsciiDigit))
                result.AddError($"--account '{result.GetValueOrDefault<string?>()}' is not an account: write 12 digits");
        });
        // Synchronous on purpose: see Supervisor, which must stay on the main thread.
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        if (!Environment.IsPrivilegedProcess)
            throw new CliException(ExitCode.Refused, "up", "needs root: it makes namespaces, mounts and cgroups (the parts that face the network drop it)", $"run: sudo {TypedCommand.Name} up{TypedCommand.DataOption(NodeLocation.Of(parsed))}");
        var options = new UpOptions(
            NodeLocation.Of(parsed), AddressOf(parsed.GetRequiredValue(Host)), parsed.GetValue(Port) ?? 9000, parsed.GetValue(GrpcPort),
            parsed.GetValue(Root) is { } root ? RootImage.Require(root) : null, parsed.GetRequiredValue(Tmp) == "memory", parsed.GetValue(MemoryBudget), parsed.GetValue(Increment), parsed.GetValue(CpuCap),
            parsed.GetValue(IdleTimeout), parsed.GetValue(PriceRequests), parsed.GetValue(PriceGbSecond), parsed.GetValue(Verbose), parsed.GetValue(RetryDelays), parsed.GetValue(DeadLetterDays), parsed.GetValue(S3Endpoint),
            parsed.GetValue(Concurrency), parsed.GetValue(BurstRate))
        {
            Region = parsed.GetValue(Region),
            Account = parsed.GetValue(Account),
            SandboxPool = parsed.GetValue(SandboxPool),
            ZygoteModules = parsed.GetValue(ZygoteModule) ?? [],
            NoZygote = parsed.GetRequiredValue(Zygote) == "off",
            Spares = parsed.GetValue(Spares),
            LogMaxMb = parsed.GetValue(LogMaxMb),
            LogMaxDays = parsed.GetValue(LogMaxDays),
            PutLogsMaxMb = parsed.GetValue(PutLogsMaxMb),
            Runtimes = parsed.GetValue(Runtime) ?? [],
        };
        return parsed.GetValue(Prepare) ? NodeRun.Prepare(options) : NodeRun.Execute(options);
    }

    [GeneratedRegex(@"^(python3\.\d+|nodejs\d+\.x|dotnet(core3\.1|\d+))=/usr/[^ =]+$", RegexOptions.CultureInvariant)]
    private static partial Regex RuntimePair();

    // As the spawner takes it.
    [GeneratedRegex(@"^(?=.{1,64}\z)[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*\z", RegexOptions.CultureInvariant)]
    private static partial Regex ModuleName();

    private static Option<double?> Price(string name, string description)
    {
        var option = new Option<double?>(name)
        {
            Description = description,
            HelpName = "USD",
            CustomParser = static result =>
            {
                if (double.TryParse(result.Tokens[0].Value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var price) && price is >= 0 and < 1_000_000) return price;
                result.AddError($"'{result.Tokens[0].Value}' is not a price: write an amount in USD such as 0.20");
                return null;
            },
        };
        return option;
    }

    // Whether there are keys, which an address that others reach needs, the agent knows, and does not start without.
    private static string AddressOf(string host)
    {
        var text = host == "localhost" ? "127.0.0.1" : host;
        return IPAddress.TryParse(text, out _) ? text : throw CliException.Usage("--host", $"'{host}' is not an IP address", "write --host 127.0.0.1");
    }
}
