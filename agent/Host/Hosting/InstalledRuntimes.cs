using System.Globalization;
using Hearth.Agent.Spawning;
using Hearth.Contracts;
using Hearth.Contracts.V1;

namespace Hearth.Agent.Hosting;

/// <summary>
/// The languages that a sandbox's root has, and which interpreter runs a runtime id. The spawner says so in the skeleton of the root: etc/hearth-runtimes
/// ("language version path" a line) lists an image's default interpreters, and without that file sandboxes see this machine's own /usr;
/// etc/hearth-interpreters ("number language path ids" a line) those beside them, and ("- language id reason") the ids whose interpreter, the operator's choice, cannot be.
/// </summary>
/// <param name="etc">DIR/root/etc. Read each time: a spawner that was started again may have been given another root.</param>
/// <param name="machine">The folder that stands for the machine's root; other than / only in tests.</param>
internal sealed class InstalledRuntimes(string etc, string machine = "/")
{
    private static readonly (RuntimeKind Kind, string Language, string Path, string Package)[] s_languages =
    [
        (RuntimeKind.Python, "python", "/usr/bin/python3", "apt-get install python3"),
        (RuntimeKind.NodeJs, "nodejs", "/usr/bin/node", "apt-get install nodejs"),
        (RuntimeKind.Dotnet, "dotnet", "/usr/bin/dotnet", "install the .NET runtime: https://learn.microsoft.com/dotnet/core/install/linux"),
    ];

    private static RuntimeInfo Provided => new() { Language = "provided", InstalledVersion = AgentVersion, Path = "/var/runtime/hearth-adapter", Note = "runs the bootstrap in the function's zip or layers" };

    private static string AgentVersion => typeof(InstalledRuntimes).Assembly.GetName().Version?.ToString(3) ?? "0";

    private readonly InterpreterVersions _versions = new(TimeProvider.System);

    /// <summary>What <c>hearth runtimes</c> shows: present ones with version and path, each language's default first, absent ones with a note.</summary>
    public IReadOnlyList<RuntimeInfo> All()
    {
        var image = ReadImage();
        return [.. s_languages.SelectMany(one => WithAbsent(Of(one.Language, image).Select(static found => found.Info), one, image is not null)), Provided];
    }

    /// <summary>The interpreter for a function.</summary>
    /// <returns>The spawner's number for it; 0 for the default of the language.</returns>
    /// <exception cref="LambdaException">The language is not there, or what the operator has given the id to: the message names cause and fix.</exception>
    public int Choose(RuntimeKind kind, string runtimeId)
    {
        // It needs nothing of the root but what the function's own bootstrap does.
        if (kind == RuntimeKind.Provided)
            return 0;
        var wanted = Array.Find(s_languages, one => one.Kind == kind);
        var image = ReadImage();
        var installed = Of(wanted.Language, image);
        if (RuntimeVersions.Choose(runtimeId, installed.Select(found => found.Info)) is not { } chosen)
            throw new LambdaException(LambdaError.Service(Absent(wanted, image is not null).Note));
        if (chosen.InstalledVersion.Length == 0)
            throw new LambdaException(LambdaError.Service(chosen.Note));
        return installed.Find(found => ReferenceEquals(found.Info, chosen)).Number;
    }

    private static IEnumerable<RuntimeInfo> WithAbsent(IEnumerable<RuntimeInfo> found, (RuntimeKind Kind, string Language, string Path, string Package) one, bool isImage) =>
        found.Any(static info => info.InstalledVersion.Length > 0) ? found : found.Prepend(Absent(one, isImage));

    private static RuntimeInfo Absent((RuntimeKind Kind, string Language, string Path, string Package) one, bool isImage) => isImage
        ? new() { Language = one.Language, Note = NotInImage(one.Language) }
        : new() { Language = one.Language, Path = one.Path, Note = $"{one.Language} is not on this machine: {one.Path} is absent or does not run; {one.Package}" };

    private static string NotInImage(string language) =>
        $"{language} is not in the root image of this node; build one that has it (rootfs/build-image.sh {language}) and start with --root, or start without --root to use the machine's own";

    private List<(RuntimeInfo Info, int Number)> Of(string language, List<RuntimeInfo>? image)
    {
        var found = new List<(RuntimeInfo Info, int Number)>();
        if (image is not null)
            found.AddRange(image.Where(info => info.Language == language).Select(static info => (info, 0)));
        else if (OfMachine(language, Array.Find(s_languages, one => one.Language == language).Path) is { InstalledVersion.Length: > 0 } own)
            found.Add((own, 0));
        foreach (var parts in Lines("hearth-interpreters") ?? [])
        {
            if (parts.Length < 4 || parts[1] != language)
                continue;
            if (parts[0] == "-")
                found.Add((new RuntimeInfo { Language = language, RuntimeIds = { parts[2] }, Note = string.Join(' ', parts[3..]) }, 0));
            if (parts.Length != 4 || !int.TryParse(parts[0], CultureInfo.InvariantCulture, out var number))
                continue;
            // Nothing of an image runs here: the version is what the name says.
            var other = image is null ? OfMachine(language, parts[2]) : Named(language, parts[2]);
            var ids = parts[3].Split(',', StringSplitOptions.RemoveEmptyEntries);
            // Of those that only have a version in their name another one takes the place; what the operator chose is not to be replaced without a word.
            if (other.InstalledVersion.Length == 0 && ids.Length == 0)
                continue;
            other.RuntimeIds.AddRange(ids);
            found.Add((other, number));
        }

        return found;
    }

    /// <returns>Without a version, and with a note that says why, when it is not there or does not run.</returns>
    private RuntimeInfo OfMachine(string language, string path)
    {
        var (version, why) = _versions.Of(language, machine + path.TrimStart('/'));
        return new RuntimeInfo { Language = language, InstalledVersion = version, Path = path, Note = version.Length > 0 ? "" : $"{path} does not run: {why}; mend it, or the --runtime of `up` that names it" };
    }

    private static RuntimeInfo Named(string language, string path)
    {
        var name = Path.GetFileName(path);
        var version = name[(name.AsSpan().IndexOfAnyInRange('0', '9') is >= 0 and var at ? at : name.Length)..];
        return new RuntimeInfo { Language = language, InstalledVersion = version.Length > 0 ? version : "of unknown version", Path = path };
    }

    // Null: there is no image.
    private List<RuntimeInfo>? ReadImage() => Lines("hearth-runtimes")?.Where(static parts => parts.Length == 3)
        .Select(static parts => new RuntimeInfo { Language = parts[0], InstalledVersion = parts[1], Path = parts[2] }).ToList();

    private List<string[]>? Lines(string file)
    {
        try
        {
            var path = Path.Join(etc, file);
            // Most machines have no image: an exception for each start would cost more than the look.
            return File.Exists(path) ? [.. File.ReadLines(path).Select(static line => line.Split(' '))] : null;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }
}
