using System.Globalization;

namespace Hearth.Bench.Load.Memory;

/// <param name="RssKib">Resident.</param>
/// <param name="PssKib">Resident, with pages that others map too counted by share.</param>
internal readonly record struct ProcessMemory(long RssKib, long PssKib)
{
    /// <summary>Zero for a process that is gone.</summary>
    public static ProcessMemory Of(int pid)
    {
        long rss = 0, pss = 0;
        try
        {
            foreach (var line in File.ReadLines($"/proc/{pid}/smaps_rollup"))
            {
                if (line.StartsWith("Rss:", StringComparison.Ordinal))
                    rss = Kib(line);
                else if (line.StartsWith("Pss:", StringComparison.Ordinal))
                    pss = Kib(line);
            }
        }
        catch (IOException)
        {
            // It ended meanwhile.
        }

        return new ProcessMemory(rss, pss);
    }

    private static long Kib(string line) => long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
}
