namespace Hearth.NativeTests.Harness;

/// <summary>Where <c>./hearth build</c> puts the programs of a node.</summary>
internal static class Published
{
    public static string Folder { get; } = Find();

    public static string Program(string name) => Path.Combine(Folder, name);

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
