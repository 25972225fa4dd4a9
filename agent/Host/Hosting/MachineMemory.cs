using System.Globalization;

namespace Hearth.Agent.Hosting;

internal static class MachineMemory
{
    private const long SmallestBudgetMb = 128;

    /// <summary>75 % of MemAvailable, in MB: what other work on the machine leaves, with a quarter in hand.</summary>
    public static long DefaultBudgetMb()
    {
        foreach (var line in File.ReadLines("/proc/meminfo"))
        {
            if (!line.StartsWith("MemAvailable:", StringComparison.Ordinal))
                continue;
            var digits = line.AsSpan("MemAvailable:".Length).Trim();
            var kilobytes = long.Parse(digits[..digits.IndexOf(' ')], CultureInfo.InvariantCulture);
            return Math.Max(SmallestBudgetMb, kilobytes / 1024 * 3 / 4);
        }
        return SmallestBudgetMb;
    }
}
