using System.Globalization;

namespace Hearth.Adapter.Processes;

/// <summary>The sandbox's cgroup is not in sight from inside: what its processes have had at most, together. Pages that they share count more than once.</summary>
internal static class SandboxMemory
{
    public static long PeakMb()
    {
        long kibibytes = 0;
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (!char.IsAsciiDigit(folder["/proc/".Length]))
                continue;
            try
            {
                foreach (var line in File.ReadLines(folder + "/status"))
                {
                    if (!line.StartsWith("VmHWM:", StringComparison.Ordinal))
                        continue;
                    if (long.TryParse(line.AsSpan("VmHWM:".Length).Trim(" \tkB"), NumberStyles.None, CultureInfo.InvariantCulture, out var peak))
                        kibibytes += peak;
                    break;
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It ended meanwhile.
            }
        }
        return (kibibytes + 1023) / 1024;
    }
}
