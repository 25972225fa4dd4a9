using System.Globalization;
using Hearth.Agent.Scheduling;

namespace Hearth.Agent.Hosting;

/// <param name="AvailableKb">MemAvailable.</param>
/// <param name="TotalKb">MemTotal.</param>
/// <param name="SomeStalled">Percent of the last ten seconds in which some task waited for memory; null where the kernel does not say (no PSI).</param>
/// <param name="AllStalled">The same of all tasks at once.</param>
internal readonly record struct MemorySigns(long AvailableKb, long TotalKb, double? SomeStalled, double? AllStalled);

internal static class MachineMemory
{
    private const long SmallestBudgetMb = 128;
    private const long Gibibyte = 1024 * 1024;

    /// <summary>75 % of MemAvailable, in MB: what other work on the machine leaves, with a quarter in hand.</summary>
    public static long DefaultBudgetMb() => Math.Max(SmallestBudgetMb, Read().AvailableKb / 1024 * 3 / 4);

    public static MemorySigns Read() => Parse(File.ReadAllText("/proc/meminfo"), Pressure());

    /// <summary>What the signs ask for. Let go later than applied: a machine at the edge would else go to and fro.</summary>
    public static MemoryBrake Judge(in MemorySigns signs, MemoryBrake current)
    {
        // A kernel that does not say it.
        if (signs.AvailableKb <= 0 || signs.TotalKb <= 0)
            return MemoryBrake.Off;
        var isHeld = current != MemoryBrake.Off;
        // The kernel counts as a stall as well what one group waits for at its own limit, with any amount free beside it.
        var isMachines = signs.AvailableKb / 25 < signs.TotalKb / 100;
        if ((isMachines && signs.AllStalled >= 5) || signs.AvailableKb < Part(signs, 4, Gibibyte))
            return MemoryBrake.Back;
        return (isMachines && signs.SomeStalled >= (isHeld ? 5 : 10)) || signs.AvailableKb < Part(signs, isHeld ? 10 : 8, 2 * Gibibyte) ? MemoryBrake.Hold : MemoryBrake.Off;
    }

    internal static MemorySigns Parse(string memory, string? pressure) => new(Field(memory, "MemAvailable:"), Field(memory, "MemTotal:"), Average(pressure, "some "), Average(pressure, "full "));

    /// <summary>Of large machines a few percent are more than anybody needs in reserve.</summary>
    private static long Part(in MemorySigns signs, int percent, long most) => Math.Min(signs.TotalKb / 100 * percent, most);

    private static string? Pressure()
    {
        try
        {
            return File.ReadAllText("/proc/pressure/memory");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A kernel without PSI, or one that has it switched off (psi=0).
            return null;
        }
    }

    private static long Field(string text, string name)
    {
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            if (!line.StartsWith(name, StringComparison.Ordinal))
                continue;
            var digits = line[name.Length..].Trim();
            var end = digits.IndexOfAnyExceptInRange('0', '9');
            return long.TryParse(end < 0 ? digits : digits[..end], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
        }
        return 0;
    }

    private static double? Average(string? text, string kind)
    {
        const string key = "avg10=";
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            if (!line.StartsWith(kind, StringComparison.Ordinal) || line.IndexOf(key, StringComparison.Ordinal) is not (>= 0 and var at))
                continue;
            var value = line[(at + key.Length)..];
            var end = value.IndexOf(' ');
            return double.TryParse(end < 0 ? value : value[..end], NumberStyles.Float, CultureInfo.InvariantCulture, out var parsed) ? parsed : null;
        }
        return null;
    }
}
