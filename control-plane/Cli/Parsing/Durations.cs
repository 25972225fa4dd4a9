using System.CommandLine;
using System.Globalization;

namespace Hearth.Cli.Parsing;

/// <summary><c>--since 10m</c>: a number and s, m, h or d, counted back from now.</summary>
internal static class Durations
{
    private const double MaximumDays = 3650;

    public static Option<string> Since(string meaning)
    {
        var option = new Option<string>("--since") { Description = $"{meaning}: 30s, 10m, 2h, 7d. Default: everything kept", HelpName = "AGE" };
        option.Validators.Add(result =>
        {
            var text = result.GetValueOrDefault<string>();
            if (text is not null && !TryParse(text, out _)) result.AddError($"--since '{text}' is not an age; write a number and s, m, h or d: 10m");
        });
        return option;
    }

    /// <summary>Unix milliseconds of that moment; 0 = from the beginning.</summary>
    public static long ToUnixMs(string? since, TimeProvider clock) =>
        since is not null && TryParse(since, out var age) ? (clock.GetUtcNow() - age).ToUnixTimeMilliseconds() : 0;

    internal static bool TryParse(string text, out TimeSpan age)
    {
        age = default;
        if (text.Length < 2 || !double.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)) return false;
        var unit = text[^1] switch { 's' => 1.0, 'm' => 60.0, 'h' => 3600.0, 'd' => 86400.0, _ => 0 };
        if (unit == 0 || number * unit > MaximumDays * 86400) return false;
        age = TimeSpan.FromSeconds(number * unit);
        return true;
    }
}
