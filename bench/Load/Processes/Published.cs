namespace Hearth.Bench.Load.Processes;

/// <summary>Where <c>./hearth build</c> puts the programs of a node.</summary>
internal static class Published
{
    public static string Folder { get; } = Find();

    /// <exception cref="BenchException">It was not built.</exception>
    public static string Program(string name)
    {
        var path = Path.Combine(Folder, name);
        return File.Exists(path) ? path : throw new BenchException($"{path} is absent; run ./hearth build");
    }

    private static string Find()
    {
        if (Environment.GetEnvironmentVariable("HEARTH_PUBLISHED") is { Length: > 0 } chosen)
            return Path.GetFullPath(chosen);
        if (Environment.GetEnvironmentVariable("HEARTH_ARTIFACTS") is { Length: > 0 } artifacts)
            return Path.GetFullPath(Path.Combine(artifacts, "hearth"));
        for (var folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (File.Exists(Path.Combine(folder, "Agent.sln")))
                return Path.Combine(folder, "artifacts", "hearth");
        }

        return Path.Combine(AppContext.BaseDirectory, "hearth");
    }
}
