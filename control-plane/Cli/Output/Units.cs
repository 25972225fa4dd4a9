using System.Globalization;

namespace Hearth.Cli.Output;

/// <summary>Numbers as people read them.</summary>
internal static class Units
{
    public static string Bytes(long bytes) => bytes switch
    {
        < 0 => "-",
        < 1 << 10 => $"{bytes} B",
        < 1 << 20 => $"{bytes / 1024.0:0.#} KiB",
        < 1 << 30 => $"{bytes / (double)(1 << 20):0.#} MiB",
        _ => $"{bytes / (double)(1 << 30):0.##} GiB",
    };

    public static string Age(TimeSpan age) => age.TotalSeconds switch
    {
        < 0 => "0s",
        < 60 => $"{age.TotalSeconds:0}s",
        < 3600 => $"{age.Minutes}m{age.Seconds:00}s",
        < 86400 => $"{age.Hours}h{age.Minutes:00}m",
        _ => $"{age.Days}d{age.Hours}h",
    };

    public static string AgeSince(long unixMs, TimeProvider clock) =>
        unixMs <= 0 ? "-" : Age(clock.GetUtcNow() - DateTimeOffset.FromUnixTimeMilliseconds(unixMs));

    public static string Milliseconds(double milliseconds) => milliseconds switch
    {
        < 10 => $"{milliseconds:0.00} ms",
        < 1000 => $"{milliseconds:0.0} ms",
        _ => $"{milliseconds / 1000:0.00} s",
    };

    public static string Count(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    public static string Dollars(double value) => value == 0 ? "$0" : value < 0.01 ? $"${value:0.00000000}" : $"${value:N4}";
}
