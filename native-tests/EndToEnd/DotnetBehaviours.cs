using System.Collections;
using System.Text.Json;

namespace Hearth.NativeTests.EndToEnd;

/// <summary>A C# function that the tests deploy: this assembly is its package.</summary>
public sealed class DotnetBehaviours
{
    public const string Handler = Class + "Garbage";

    private const string Class = "Hearth.NativeTests::Hearth.NativeTests.EndToEnd.DotnetBehaviours::";

    public const string WatchedHandler = Class + "Watched";

    /// <summary>extensions/app.py in C#.</summary>
    public static object Watched(JsonElement value)
    {
        Console.WriteLine($"function says {Member(value, "say")}");
        switch (Member(value, "do"))
        {
            case "sleep":
                Thread.Sleep(60_000);
                break;
            case "exit":
                Environment.Exit(9);
                break;
            case "raise":
                throw new ArgumentException("no");
            case "echo":
                return Member(value, "text");
        }

        return new Dictionary<string, object?>
        {
            ["watched"] = Read("/tmp/watched"),
            ["telemetry"] = Read("/tmp/telemetry"),
            ["parent"] = Read($"/proc/{Parent}/comm").Trim(),
            ["wrapped"] = Environment.GetEnvironmentVariable("FROM_WRAPPER"),
            ["variables"] = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().Select(variable => (string)variable.Key).Order(StringComparer.Ordinal).ToArray(),
        };
    }

    private static string Parent => File.ReadLines("/proc/self/status").First(line => line.StartsWith("PPid:", StringComparison.Ordinal))[5..].Trim();

    private static string Member(JsonElement value, string name) => value.TryGetProperty(name, out var member) ? member.ToString() : "";

    private static string Read(string path) => File.Exists(path) ? File.ReadAllText(path) : "";

    /// <summary>Makes this many rounds of short-lived objects, small ones and some for the large object heap.</summary>
    public static long Garbage(int rounds)
    {
        long total = 0;
        for (var round = 0; round < rounds; round++)
        {
            var small = new List<byte[]>();
            for (var i = 0; i < 64; i++)
                small.Add(new byte[4096]);
            var large = new byte[1 << 20];
            for (var i = 0; i < large.Length; i += 4096)
                large[i] = 1;
            total += large.Length + small.Count;
        }

        return total;
    }
}
