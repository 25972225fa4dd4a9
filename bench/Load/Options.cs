namespace Hearth.Bench.Load;

/// <summary>The command line is wrong; exit code 2.</summary>
internal sealed class UsageException(string message) : Exception(message);

/// <param name="Parts">In the order of running, each once.</param>
/// <param name="JsonFile">Where to write the results as well, or null.</param>
internal sealed record Options(IReadOnlyList<string> Parts, bool Quick, bool Keep, string? JsonFile, bool Help)
{
    public static IReadOnlyList<string> AllParts { get; } = ["micro", "sandbox", "invoke", "async", "memory", "scale", "trace"];

    /// <exception cref="UsageException">Names the argument and what is allowed.</exception>
    public static Options Parse(IReadOnlyList<string> arguments)
    {
        var chosen = new HashSet<string>();
        var (quick, keep, help, json) = (false, false, false, (string?)null);
        for (var i = 0; i < arguments.Count; i++)
        {
            switch (arguments[i])
            {
                case "--quick":
                    quick = true;
                    break;
                case "--keep":
                    keep = true;
                    break;
                case "--help" or "-h":
                    help = true;
                    break;
                case "--json":
                    if (++i == arguments.Count || arguments[i].Length == 0 || arguments[i].StartsWith("--", StringComparison.Ordinal))
                        throw new UsageException("--json needs a file name: --json results.json");
                    json = Path.GetFullPath(arguments[i]);
                    break;
                case ['-', ..] unknown:
                    throw new UsageException($"unknown option {unknown}");
                case var part when AllParts.Contains(part):
                    chosen.Add(part);
                    break;
                case var other:
                    throw new UsageException($"no part '{other}'; there are {string.Join(", ", AllParts)}");
            }
        }

        if (json is not null && (Directory.Exists(json) || !Directory.Exists(Path.GetDirectoryName(json))))
            throw new UsageException($"--json {json}: not a file in a folder that exists");
        return new Options([.. AllParts.Where(part => chosen.Count == 0 || chosen.Contains(part))], quick, keep, json, help);
    }
}
