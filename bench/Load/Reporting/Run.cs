using System.Diagnostics;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Hearth.Bench.Load.Reporting;

/// <param name="Started">UTC.</param>
internal sealed record Run(Machine Machine, DateTime Started, double Seconds, bool Quick, IReadOnlyList<PartResult> Parts)
{
    private static readonly JsonSerializerOptions Shape = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public string ToJson() => JsonSerializer.Serialize(this, Shape) + "\n";

    /// <summary>Writes bench/results/DATE-COMMIT.json, .txt and a plot for each part that has latencies. They belong to the clone's owner, not to sudo's root.</summary>
    public void Keep(string repository)
    {
        var folder = Directory.CreateDirectory(Path.Combine(repository, "bench", "results")).FullName;
        var stem = Path.Combine(folder, $"{Started:yyyy-MM-dd}-{Machine.Commit}{(Quick ? "-quick" : "")}");
        File.WriteAllText(stem + ".json", ToJson());
        File.WriteAllText(stem + ".txt", TextReport.Of(this));
        foreach (var part in Parts)
        {
            if (PercentilePlot.Of(part) is { } svg)
                File.WriteAllText($"{stem}-{part.Name}.svg", svg);
        }

        using (var chown = Process.Start("chown", ["-R", $"--reference={repository}", folder]))
            chown.WaitForExit();
        BenchContext.Say($"kept as {stem}.json, .txt and .svg");
    }
}

/// <param name="Failure">Null when it went well.</param>
internal sealed record PartResult(string Name, double Seconds, IReadOnlyList<Row> Rows, string? Failure);
