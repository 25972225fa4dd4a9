using System.Globalization;

namespace Hearth.Cli.Doctor;

/// <summary>Small files of /proc and /sys.</summary>
internal static class ProcFiles
{
    public static string? Text(string path)
    {
        try
        {
            return File.Exists(path) ? File.ReadAllText(path).Trim() : null;
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    public static long? Number(string path) =>
        long.TryParse(Text(path)?.Split('\n', ' ', '\t')[0], NumberStyles.Integer, CultureInfo.InvariantCulture, out var value) ? value : null;

    public static Version Kernel()
    {
        var release = Text("/proc/sys/kernel/osrelease") ?? "0.0";
        var digits = release.TakeWhile(letter => char.IsAsciiDigit(letter) || letter == '.').ToArray();
        var parts = new string(digits).Split('.', StringSplitOptions.RemoveEmptyEntries);
        return parts.Length >= 2 ? new Version(int.Parse(parts[0], CultureInfo.InvariantCulture), int.Parse(parts[1], CultureInfo.InvariantCulture)) : new Version(0, 0);
    }
}
