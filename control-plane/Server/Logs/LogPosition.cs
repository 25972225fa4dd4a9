using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace Hearth.ControlPlane.Logs;

/// <summary>
/// Where a reader stands between events: a time, and of each source the number of the last event that it has of that millisecond. It is what tokens hold, so that a page is right even
/// when events come and go between.
/// </summary>
public sealed record LogPosition(long TimeUnixMs, IReadOnlyDictionary<string, long> Numbers)
{
    private const int MaxToken = 16_384;

    /// <summary>Of a reader that has got these, in their order, and before them what <paramref name="before"/> says.</summary>
    public static LogPosition After(IReadOnlyList<StoredEvent> events, LogPosition? before)
    {
        long time = events[^1].TimeUnixMs;
        var numbers = new Dictionary<string, long>(StringComparer.Ordinal);
        if (before?.TimeUnixMs == time)
        {
            foreach ((string source, long number) in before.Numbers)
                numbers[source] = number;
        }

        foreach (StoredEvent found in events.Where(e => e.TimeUnixMs == time))
            numbers[found.Source] = found.Number;
        return new LogPosition(time, numbers);
    }

    /// <summary>Before the first of these.</summary>
    public static LogPosition Before(IReadOnlyList<StoredEvent> events)
    {
        long time = events[0].TimeUnixMs;
        return new LogPosition(time, events.Where(e => e.TimeUnixMs == time).GroupBy(e => e.Source).ToDictionary(g => g.Key, g => g.Min(e => e.Number), StringComparer.Ordinal));
    }

    /// <summary>Number of the source's last event at the time; -1 for none.</summary>
    public long NumberOf(string source) => Numbers.TryGetValue(source, out long number) ? number : -1;

    /// <param name="prefix">Of the token: "f/" and "b/" tell directions apart, as AWS's do.</param>
    public string ToToken(string prefix) => prefix + Base64Url.EncodeToString(Encoding.UTF8.GetBytes(
        string.Join(' ', Numbers.OrderBy(n => n.Key, StringComparer.Ordinal).Select(n => $"{n.Value.ToString(CultureInfo.InvariantCulture)}@{n.Key}").Prepend($"at:{TimeUnixMs.ToString(CultureInfo.InvariantCulture)}"))));

    /// <returns>Null when it is none of ours.</returns>
    public static LogPosition? TryParse(string token, string prefix)
    {
        if (token.Length > MaxToken || !token.StartsWith(prefix, StringComparison.Ordinal) || !Base64Url.IsValid(token.AsSpan(prefix.Length)))
            return null;
        string[] parts = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(token.AsSpan(prefix.Length))).Split(' ');
        if (!parts[0].StartsWith("at:", StringComparison.Ordinal) || !long.TryParse(parts[0].AsSpan(3), NumberStyles.None, CultureInfo.InvariantCulture, out long time))
            return null;
        var numbers = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (string part in parts[1..])
        {
            int at = part.IndexOf('@');
            if (at < 0 || !long.TryParse(part.AsSpan(0, at), NumberStyles.None, CultureInfo.InvariantCulture, out long number))
                return null;
            numbers[part[(at + 1)..]] = number;
        }

        return new LogPosition(time, numbers);
    }
}
