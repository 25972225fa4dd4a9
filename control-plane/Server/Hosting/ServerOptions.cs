using System.Globalization;
using Hearth.ControlPlane.Queue;

namespace Hearth.ControlPlane.Hosting;

/// <summary>What the command line says.</summary>
public sealed record ServerOptions
{
    public const string Usage = """
        usage: hearth-control-plane --data DIR [options]
          --data DIR                 data directory; definitions in DIR/control, sockets in DIR/run/control
          --grpc-port N              also serve gRPC on 127.0.0.1:N
          --rest-port N              also serve the REST API on 127.0.0.1:N (without a node's checks: for tests)
          --region R                 region in ARNs (default us-east-1)
          --account A                12 digits, account in ARNs (default 000000000000)
          --retry-delays S[,S...]    seconds from a try of an event that its function failed to the next one (default 60,120)
          --dead-letter-days N       1-3650, dead letters are kept so long (default 14)
          --put-logs-max-mb N        1-1048576, logs that clients put (PutLogEvents) may take so much of the disk, all groups together (default 1024)
          --s3-endpoint URL          S3-compatible store that S3Bucket and S3Key of code mean (default: none); it is asked with the keys in the
                                     environment variables HEARTH_S3_ACCESS_KEY_ID and HEARTH_S3_SECRET_ACCESS_KEY, without them anonymously
          --price-requests USD       price of a million requests (default 0.20)
          --price-gb-second USD      price of a GB-second (default 0.0000166667)
        """;

    public required string DataDirectory { get; init; }

    public int? GrpcPort { get; init; }

    public int? RestPort { get; init; }

    public string Region { get; init; } = "us-east-1";

    public string Account { get; init; } = "000000000000";

    public QueueSettings Queue { get; init; } = new();

    public int PutLogsMaxMb { get; init; } = 1_024;

    /// <summary>Null: code comes in requests only.</summary>
    public Uri? S3Endpoint { get; init; }

    /// <summary>From the environment, as a command line is everybody's to read. Null or empty: the store is asked anonymously.</summary>
    public string? S3AccessKeyId { get; init; } = Environment.GetEnvironmentVariable("HEARTH_S3_ACCESS_KEY_ID");

    public string? S3SecretAccessKey { get; init; } = Environment.GetEnvironmentVariable("HEARTH_S3_SECRET_ACCESS_KEY");

    /// <summary>USD, AWS's published x86 prices unless the operator sets others.</summary>
    public double PricePerMillionRequests { get; init; } = 0.20;

    public double PricePerGbSecond { get; init; } = 0.0000166667;

    /// <exception cref="UsageException">Names the option and what it takes.</exception>
    public static ServerOptions Parse(IReadOnlyList<string> args)
    {
        var options = new ServerOptions { DataDirectory = "" };
        for (int i = 0; i < args.Count; i += 2)
        {
            string name = args[i];
            string value = i + 1 < args.Count ? args[i + 1] : throw new UsageException($"{name} needs a value");
            options = name switch
            {
                "--data" => options with { DataDirectory = Path.GetFullPath(value) },
                "--grpc-port" => options with { GrpcPort = Int(name, value, 0, 65535) },
                "--rest-port" => options with { RestPort = Int(name, value, 0, 65535) },
                "--region" => options with { Region = CheckRegion(value) },
                "--account" => options with { Account = CheckAccount(value) },
                "--retry-delays" => options with { Queue = options.Queue with { RetryDelays = Delays(value) } },
                "--dead-letter-days" => options with { Queue = options.Queue with { DeadLetterAge = TimeSpan.FromDays(Int(name, value, 1, 3_650)) } },
                "--put-logs-max-mb" => options with { PutLogsMaxMb = Int(name, value, 1, 1 << 20) },
                "--s3-endpoint" => options with { S3Endpoint = Endpoint(value) },
                "--price-requests" => options with { PricePerMillionRequests = Price(name, value) },
                "--price-gb-second" => options with { PricePerGbSecond = Price(name, value) },
                _ => throw new UsageException($"unknown option {name}"),
            };
        }

        return options.DataDirectory.Length > 0 ? options : throw new UsageException("--data DIR is missing");
    }

    private static int Int(string name, string value, int min, int max) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number >= min && number <= max
            ? number
            : throw new UsageException($"{name} takes a number from {min} to {max}, not '{value}'");

    private static TimeSpan[] Delays(string value)
    {
        const int MaxSeconds = 3_600;
        string[] parts = value.Split(',');
        var delays = new TimeSpan[parts.Length];
        for (int i = 0; i < parts.Length; i++)
        {
            if (parts.Length > 10 || !double.TryParse(parts[i], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double seconds) || !(seconds <= MaxSeconds))
                throw new UsageException($"--retry-delays takes up to ten numbers of seconds from 0 to {MaxSeconds}, such as 60,120, not '{value}'");
            delays[i] = TimeSpan.FromSeconds(seconds);
        }

        return delays;
    }

    private static Uri Endpoint(string value) => Uri.TryCreate(value, UriKind.Absolute, out Uri? uri) && uri.Scheme is "http" or "https" && uri is { UserInfo: "", Query: "", Fragment: "" }
        ? uri
        : throw new UsageException($"--s3-endpoint takes a URL such as https://s3.example.org, not '{value}'");

    private static double Price(string name, string value) =>
        double.TryParse(value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double price) && double.IsFinite(price)
            ? price
            : throw new UsageException($"{name} takes an amount in USD such as 0.20, not '{value}'");

    private static string CheckAccount(string value) => value.Length == 12 && value.All(char.IsAsciiDigit)
        ? value
        : throw new UsageException($"--account takes 12 digits, not '{value}'");

    private static string CheckRegion(string value) => value.Length is > 0 and <= 32 && value.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-')
        ? value
        : throw new UsageException($"--region takes a name such as us-east-1, not '{value}'");
}

/// <summary>The command line is wrong; exit code 2.</summary>
public sealed class UsageException(string message) : Exception(message);
