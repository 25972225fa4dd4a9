using System.Text.RegularExpressions;

namespace Hearth.NativeTests.Escape;

/// <summary>The probes, read from their sources: there is no second list that could miss one.</summary>
internal static partial class ProbeList
{
    public static string Folder { get; } = Path.Combine(AppContext.BaseDirectory, "Escape", "probes");

    /// <summary>Each namespace kind has a probe of its own, made in a loop.</summary>
    private static readonly string[] Kinds = ["mnt", "uts", "ipc", "user", "pid", "net", "cgroup", "time"];

    public static IReadOnlyList<string> All { get; } =
        [.. Registrations().Select(match => match.Groups[1].Value).Where(name => !name.Contains('{')).Concat(Kinds.Select(kind => $"unshare_{kind}")).Order()];

    /// <summary>Probes that are harmless, and granted to root on a plain host.</summary>
    public static IReadOnlyList<string> Controls { get; } =
        [.. Registrations().Where(match => match.Groups[2].Value.Contains("control=True", StringComparison.Ordinal)).Select(match => match.Groups[1].Value).Concat(["unshare_mnt", "unshare_uts", "unshare_ipc"]).Order()];

    private static IEnumerable<Match> Registrations() =>
        Directory.EnumerateFiles(Folder, "*.py").SelectMany(path => Registration().Matches(File.ReadAllText(path)));

    [GeneratedRegex("""^ *@probe\("([a-z0-9_]+)"(.*)\)$""", RegexOptions.Multiline)]
    private static partial Regex Registration();
}
