namespace Hearth.NativeTests.EndToEnd;

/// <summary>A function: this very assembly, with what lies beside it, is deployed as one, so that a .NET image is tested without a compiler at hand. Uses nothing outside of the framework.</summary>
public static class RootProbe
{
    public sealed class Question
    {
        public string[] Paths { get; set; } = [];
    }

    public static Dictionary<string, object> Handle(Question question) => new()
    {
        ["version"] = Environment.Version.ToString(),
        ["programs"] = Names("/usr/bin"),
        ["etc"] = Names("/etc"),
        ["there"] = question.Paths.Where(path => Path.Exists(path)).ToArray(),
    };

    private static string[] Names(string folder) => [.. Directory.EnumerateFileSystemEntries(folder).Select(path => Path.GetFileName(path))];
}
