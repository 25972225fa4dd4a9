using Hearth.Contracts.V1;

namespace Hearth.Contracts;

/// <summary>
/// What this machine runs functions with. A program is asked for its version once and again when its file changes, so that an installed package is seen
/// without a restart and looking costs a few stats.
/// </summary>
/// <param name="runtimes">Folder of the runtime clients, one below it a language.</param>
public sealed class InstalledRuntimes(string runtimes)
{
    private readonly Dictionary<string, (string Stamp, RuntimeInfo Info)> _known = new(StringComparer.Ordinal);

    /// <summary>One entry a language, absent ones with the note what to install. Not for concurrent use.</summary>
    public async Task<IReadOnlyList<RuntimeInfo>> FindAsync()
    {
        RuntimeInfo[] programs = await Task.WhenAll(LanguageProgram.All.Select(FindAsync));
        return [.. programs, Provided()];
    }

    private async Task<RuntimeInfo> FindAsync(LanguageProgram program)
    {
        string stamp = Stamp(program.Path);
        lock (_known)
        {
            if (_known.TryGetValue(program.Language, out var known) && known.Stamp == stamp)
                return known.Info;
        }

        string? version = await ProgramVersion.OfAsync(program);
        var info = new RuntimeInfo
        {
            Language = program.Language,
            InstalledVersion = version ?? "",
            Path = version is null ? "" : program.Path,
            Note = version is not null ? "runs every version's code" : File.Exists(program.Path) ? $"{program.Path} does not start: {program.Install}" : $"{program.Path} is absent: {program.Install}",
        };
        lock (_known)
            _known[program.Language] = (stamp, info);
        return info;
    }

    private RuntimeInfo Provided()
    {
        string adapter = Path.Join(runtimes, "provided", "hearth-adapter");
        return File.Exists(adapter)
            ? new RuntimeInfo { Language = "provided", InstalledVersion = "bootstrap", Path = adapter, Note = "runs the package's own bootstrap" }
            : new RuntimeInfo { Language = "provided", Note = "this version of Hearth has no adapter for it" };
    }

    // The file behind the links, and for dotnet the folder that its runtimes are in.
    private static string Stamp(string path)
    {
        FileSystemInfo? target = File.Exists(path) ? File.ResolveLinkTarget(path, returnFinalTarget: true) ?? new FileInfo(path) : null;
        if (target is null)
            return "absent";
        string shared = Path.Join(Path.GetDirectoryName(target.FullName), "shared", "Microsoft.NETCore.App");
        return $"{target.FullName} {target.LastWriteTimeUtc.Ticks} {Directory.GetLastWriteTimeUtc(shared).Ticks}";
    }
}
