namespace Hearth.Adapter.Processes;

/// <summary>The executables that AWS looks for.</summary>
internal static class Bootstrap
{
    /// <summary>In this order. AWS looks into /var/runtime first, which here is ours.</summary>
    public static string[] Candidates(AdapterOptions options) => [$"{options.Task}/bootstrap", $"{options.Opt}/bootstrap"];

    public static string? Find(AdapterOptions options) => Array.Find(Candidates(options), File.Exists);

    /// <summary>Every file of /opt/extensions, by name.</summary>
    public static string[] Extensions(AdapterOptions options)
    {
        var folder = $"{options.Opt}/extensions";
        if (!Directory.Exists(folder))
            return [];
        var files = Directory.GetFiles(folder);
        Array.Sort(files, StringComparer.Ordinal);
        return files;
    }
}
