using System.Globalization;
using System.Text;

namespace Hearth.Bench.Load.Reporting;

/// <summary>Tables for people: one a part; a letter in each row leads to what lies between its points.</summary>
internal static class TextReport
{
    private static readonly string[] Heads = ["", "n", "p50", "p90", "p99", "p99.9", "max", "per s", "CPU us", "bytes", "what", "ratio"];

    public static string Of(Run run)
    {
        var text = new StringBuilder();
        foreach (var (name, value) in run.Machine.Facts())
            text.AppendLine(CultureInfo.InvariantCulture, $"{name,-10} {value}");
        text.AppendLine(CultureInfo.InvariantCulture, $"{"run",-10} {run.Started:yyyy-MM-dd HH:mm:ss}Z, {run.Seconds:0} s{(run.Quick ? ", --quick: too few rounds to quote" : "")}");
        foreach (var part in run.Parts)
        {
            text.AppendLine().AppendLine(CultureInfo.InvariantCulture, $"== {part.Name} ({part.Seconds:0} s)");
            if (part.Failure is { } failure)
                text.AppendLine(CultureInfo.InvariantCulture, $"FAILED: {failure}");
            if (part.Rows.Count > 0)
                Table(text, part.Rows);
        }

        return text.ToString();
    }

    private static void Table(StringBuilder text, IReadOnlyList<Row> rows)
    {
        var meanings = rows.Select(static row => row.Meaning).Distinct().ToList();
        List<string[]> lines = [Heads, .. rows.Select(row => Cells(row, (char)('a' + meanings.IndexOf(row.Meaning))))];
        var used = Enumerable.Range(0, Heads.Length).Where(column => column == 0 || lines.Skip(1).Any(line => line[column].Length > 0)).ToArray();
        var widths = used.ToDictionary(column => column, column => lines.Max(line => line[column].Length));
        foreach (var line in lines)
            text.AppendLine(string.Join("  ", used.Select(column => column == 0 || column == Heads.Length - 1 ? line[column].PadRight(widths[column]) : line[column].PadLeft(widths[column]))).TrimEnd());
        text.AppendLine();
        for (var i = 0; i < meanings.Count; i++)
            text.AppendLine(CultureInfo.InvariantCulture, $"  {(char)('a' + i)}  {meanings[i]}");
    }

    private static string[] Cells(Row row, char meaning) =>
    [
        row.Unit == "us" ? row.Name : $"{row.Name} [{row.Unit}]",
        row.Count == 0 ? "" : row.Count.ToString(CultureInfo.InvariantCulture),
        Number(row.P50), Number(row.P90), Number(row.P99), Number(row.P999), Number(row.Max), Number(row.PerSecond), Number(row.CpuMicros),
        row.AllocatedBytes?.ToString(CultureInfo.InvariantCulture) ?? "",
        meaning.ToString(),
        row.Ratio is { } ratio ? $"{ratio.ToString("0.00", CultureInfo.InvariantCulture)} x {row.RatioOf} of {row.RatioTo}" : "",
    ];

    /// <summary>Three digits say all that such a measurement knows.</summary>
    private static string Number(double? value) => value switch
    {
        null => "",
        >= 100 => value.Value.ToString("0", CultureInfo.InvariantCulture),
        >= 10 => value.Value.ToString("0.0", CultureInfo.InvariantCulture),
        _ => value.Value.ToString("0.00", CultureInfo.InvariantCulture),
    };
}
