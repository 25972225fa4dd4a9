using System.Globalization;
using System.Text;

namespace Hearth.Spawner;

/// <summary>
/// What can run a language beside its default: interpreters with a version in their name, and those that the operator has given a runtime id to. The agent only sends
/// a number: 1-4 of <see cref="RuntimeTable"/>, or one of the list that it reads in the skeleton's etc/hearth-interpreters.
/// </summary>
internal sealed class Interpreters
{
    private const int First = 16, Most = 64, LongestPath = 256, MostLinks = 16;

    private static readonly string[] Folders = ["/usr/bin", "/usr/local/bin"];

    /// <summary>Of the machine or the image; the links in / that lead there are sandboxes' too.</summary>
    private static readonly string[] s_seen = ["/usr/", "/etc/alternatives/"];

    private readonly List<(int Language, string Path, List<string> Ids)> _found = [];
    private readonly List<(int Language, string Id, string Why)> _refused = [];
    private byte[][] _paths = [];

    /// <summary>Of the operator's, those that cannot be, a line each. Functions of these ids fail with it; the others are none the worse for it.</summary>
    public IEnumerable<string> Refused => _refused.Select(static one => one.Why);

    /// <param name="source">"/" for the host, or an image's tree.</param>
    /// <param name="chosen">By the operator.</param>
    public static Interpreters Find(string source, IReadOnlyList<(string Id, string Path)> chosen)
    {
        var all = new Interpreters();
        foreach (var (id, path) in chosen)
        {
            var language = LanguageOf(id);
            if ((language == 0 ? "only ids of python, nodejs and dotnet have an interpreter" : WhyNot(path, source)) is { } why)
                all._refused.Add((language, id, Line($"--runtime {id}={path}: {why}")));
            else
                all.Add(language, path, id);
        }

        foreach (var folder in Folders)
        {
            var names = Directory.Exists(source + folder) ? Directory.GetFiles(source + folder).Select(file => Path.GetFileName(file)!) : [];
            foreach (var name in names.Order(StringComparer.Ordinal))
            {
                if (Versioned(name) is > 0 and var language && Target(source, $"{folder}/{name}") is { } target && target != Target(source, RuntimeTable.Paths[language]))
                    all.Add(language, $"{folder}/{name}", null);
            }
        }

        all._paths = [.. RuntimeTable.Paths.Select(static path => Encoding.UTF8.GetBytes(path)), .. all._found.Select(one => Encoding.UTF8.GetBytes(one.Path))];
        return all;
    }

    /// <summary>0 for a number that nothing has.</summary>
    public int LanguageOf(int runtime) =>
        runtime is >= RuntimeTable.Python and <= RuntimeTable.Provided ? runtime : runtime >= First && runtime - First < _found.Count ? _found[runtime - First].Language : 0;

    /// <param name="runtime">One that <see cref="LanguageOf(int)"/> knows.</param>
    public ReadOnlySpan<byte> PathOf(int runtime) => _paths[runtime < First ? runtime : runtime - First + RuntimeTable.Paths.Length];

    /// <summary>
    /// For the agent, a line each: number, language, path, and the ids that the operator has given to it, with commas between; for an id whose interpreter cannot be
    /// "-", language, id, and why.
    /// </summary>
    public string List()
    {
        var text = new StringBuilder();
        for (var i = 0; i < _found.Count; i++)
            text.Append(CultureInfo.InvariantCulture, $"{First + i} {RuntimeTable.Folders[_found[i].Language]} {_found[i].Path} {string.Join(',', _found[i].Ids)}\n");
        foreach (var (language, id, why) in _refused.Where(static one => one.Language != 0))
            text.Append(CultureInfo.InvariantCulture, $"- {RuntimeTable.Folders[language]} {Line(id).Replace(' ', '?')} {why}\n");
        return text.ToString();
    }

    private static string Line(string text) => string.Concat(text.Select(static c => char.IsControl(c) ? '?' : c));

    private void Add(int language, string path, string? id)
    {
        var known = _found.Find(one => one.Language == language && one.Path == path);
        if (known.Path is null && _found.Count < Most)
            _found.Add(known = (language, path, []));
        if (id is not null && known.Path is not null)
            known.Ids.Add(id);
    }

    private static int LanguageOf(string id) =>
        id.StartsWith("python3.", StringComparison.Ordinal) ? RuntimeTable.Python
        : id.StartsWith("nodejs", StringComparison.Ordinal) && id.EndsWith(".x", StringComparison.Ordinal) ? RuntimeTable.NodeJs
        : id.StartsWith("dotnet", StringComparison.Ordinal) ? RuntimeTable.Dotnet : 0;

    // python3.12, node22, node-22: a name without a version says nothing.
    private static int Versioned(string name) =>
        Digits(name, "python3.") ? RuntimeTable.Python : Digits(name, "node") || Digits(name, "node-") ? RuntimeTable.NodeJs : 0;

    private static bool Digits(string name, string prefix) =>
        name.Length > prefix.Length && name.StartsWith(prefix, StringComparison.Ordinal) && name.AsSpan(prefix.Length).IndexOfAnyExceptInRange('0', '9') < 0;

    /// <summary>Why sandboxes cannot execute it, or null.</summary>
    private static string? WhyNot(string path, string source)
    {
        if (!path.StartsWith("/usr/", StringComparison.Ordinal) || path.Length > LongestPath || path.Split('/').Skip(1).Any(static part => part is "" or "." or "..") || path.Any(static c => c is <= ' ' or > '~'))
            return "it must be a plain path below /usr, all that sandboxes see";
        if (Target(source, path) is not { } target)
            return $"{(source == "/" ? "" : source)}{path} is not there, or leads out of /usr";
        const UnixFileMode executable = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
        return (File.GetUnixFileMode(target) & executable) == executable ? null : "not everybody may execute it";
    }

    /// <summary>Where a path ends, through its links and those of the folders on the way; null when there is nothing or sandboxes would not see it.</summary>
    private static string? Target(string source, string path)
    {
        var root = source == "/" ? "" : source;
        var left = new Stack<string>(path.Split('/').Reverse());
        var (at, links) = ("", 0);
        while (left.TryPop(out var name))
        {
            if (name is "" or ".")
                continue;
            if (name == "..")
            {
                at = at[..Math.Max(0, at.LastIndexOf('/'))];
                continue;
            }

            var next = $"{at}/{name}";
            if (new FileInfo(root + next).LinkTarget is { } link)
            {
                if (++links > MostLinks)
                    return null;
                if (link.StartsWith('/'))
                    at = "";
                foreach (var part in link.Split('/').Reverse())
                    left.Push(part);
                continue;
            }

            if (!s_seen.Any(seen => $"{next}/".StartsWith(seen, StringComparison.Ordinal) || seen.StartsWith($"{next}/", StringComparison.Ordinal)))
                return null;
            at = next;
        }

        return File.Exists(root + at) ? root + at : null;
    }
}
