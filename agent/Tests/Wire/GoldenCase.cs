using System.Text.Json;
using Xunit;

namespace Hearth.Agent.Tests.Wire;

/// <summary>One description and its bytes of agent/Wire/golden, copied beside the tests.</summary>
public sealed record GoldenCase(string Name, bool FromAgent, bool Valid, JsonElement Description, byte[] Bytes)
{
    public static string Folder { get; } = Path.Combine(AppContext.BaseDirectory, "golden");

    public static IReadOnlyList<GoldenCase> All { get; } = [.. Directory.EnumerateFiles(Folder, "*.json").Order(StringComparer.Ordinal).Select(Load)];

    public static TheoryData<string> Names(bool valid) => [.. All.Where(c => c.Valid == valid).Select(c => c.Name)];

    public static GoldenCase Of(string name) => All.Single(c => c.Name == name);

    /// <summary>The frame without its length prefix.</summary>
    public byte[] Body => Bytes[4..];

    /// <summary>What each element stands for: null, bool, long, string, byte[] or a dictionary of strings.</summary>
    public IReadOnlyList<object?> Elements => (IReadOnlyList<object?>)Value(Description.GetProperty("elements"))!;

    /// <summary>Written in the shortest form, as our writers do.</summary>
    public bool IsShortest => !Description.GetRawText().Contains("\"as\"", StringComparison.Ordinal);

    private static GoldenCase Load(string path)
    {
        var description = JsonSerializer.Deserialize<JsonElement>(File.ReadAllBytes(path));
        return new GoldenCase(
            Path.GetFileNameWithoutExtension(path), description.GetProperty("from").GetString() == "agent", description.GetProperty("valid").GetBoolean(),
            description, File.ReadAllBytes(Path.ChangeExtension(path, ".bin")));
    }

    private static object? Value(JsonElement item)
    {
        switch (item.ValueKind)
        {
            case JsonValueKind.Array:
                return item.EnumerateArray().Select(Value).ToList();
            case JsonValueKind.Null:
                return null;
            case JsonValueKind.True or JsonValueKind.False:
                return item.GetBoolean();
            case JsonValueKind.Number:
                return item.GetInt64();
            case JsonValueKind.String:
                return item.GetString();
        }
        var times = item.TryGetProperty("times", out var repeated) ? repeated.GetInt32() : 1;
        if (item.TryGetProperty("text", out var text))
            return string.Concat(Enumerable.Repeat(text.GetString(), times));
        if (item.TryGetProperty("bin", out var hex))
            return Convert.FromHexString(string.Concat(Enumerable.Repeat(hex.GetString(), times)));
        if (item.TryGetProperty("map", out var map))
        {
            var entries = map.EnumerateObject().Select(p => (p.Name, Value: p.Value.GetString()!)).ToList();
            return repeated.ValueKind == JsonValueKind.Number
                ? Enumerable.Range(0, times).ToDictionary(i => $"{entries[0].Name}{i}", i => $"{entries[0].Value}{i}")
                : entries.ToDictionary(e => e.Name, e => e.Value);
        }
        var value = item.GetProperty("value");
        return item.GetProperty("as").GetString()!.StartsWith("bin", StringComparison.Ordinal) ? Convert.FromHexString(value.GetString()!) : Value(value);
    }
}
