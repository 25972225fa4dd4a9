using System.Diagnostics;
using Hearth.Agent.Spawning;
using Hearth.Contracts;
using Hearth.Contracts.V1;

namespace Hearth.Agent.Hosting;

/// <summary>
/// The languages that a sandbox's root has. The spawner says whether that root is an image: it then shows the image's list, etc/hearth-runtimes
/// ("language version path" a line), in the skeleton of the root; without that file sandboxes see this machine's own /usr.
/// </summary>
/// <param name="list">DIR/root/etc/hearth-runtimes. Read each time: a spawner that was started again may have been given another root.</param>
/// <param name="machine">The folder that stands for the machine's root; other than / only in tests.</param>
internal sealed class InstalledRuntimes(string list, string machine = "/")
{
    private static readonly (RuntimeKind Kind, string Language, string Path, string Package)[] s_languages =
    [
        (RuntimeKind.Python, "python", "/usr/bin/python3", "apt-get install python3"),
        (RuntimeKind.NodeJs, "nodejs", "/usr/bin/node", "apt-get install nodejs"),
        (RuntimeKind.Dotnet, "dotnet", "/usr/bin/dotnet", "install the .NET runtime: https://learn.microsoft.com/dotnet/core/install/linux"),
    ];

    private static RuntimeInfo Provided => new() { Language = "provided", InstalledVersion = AgentVersion, Path = "/var/runtime/hearth-adapter", Note = "runs the bootstrap in the function's zip or layers" };

    private static string AgentVersion => typeof(InstalledRuntimes).Assembly.GetName().Version?.ToString(3) ?? "0";

    private readonly Lazy<IReadOnlyList<RuntimeInfo>> _ofMachine = new(() => [.. s_languages.Select(one => OfMachine(one.Language, machine, one.Path, one.Package))]);

    /// <summary>What <c>hearth runtimes</c> shows: present ones with version and path, absent ones with a note.</summary>
    public IReadOnlyList<RuntimeInfo> All()
    {
        if (ReadList() is not { } image)
            return [.. _ofMachine.Value, Provided];
        return [.. s_languages.Select(one => image.FirstOrDefault(info => info.Language == one.Language) ?? new RuntimeInfo { Language = one.Language, Note = NotInImage(one.Language) }), Provided];
    }

    /// <exception cref="LambdaException">The language is not there: the message names cause and fix.</exception>
    public void Require(RuntimeKind kind)
    {
        // It needs nothing of the root but what the function's own bootstrap does.
        if (kind == RuntimeKind.Provided)
            return;
        var wanted = Array.Find(s_languages, one => one.Kind == kind);
        var image = ReadList();
        if (IsThere(wanted.Language, wanted.Path, image))
            return;
        throw new LambdaException(LambdaError.Service(image is null ? $"{wanted.Language} is not on this machine: {wanted.Path} is absent; {wanted.Package}" : NotInImage(wanted.Language)));
    }

    /// <summary>Whether <see cref="Require"/> would let it pass.</summary>
    public bool Has(RuntimeKind kind) => kind == RuntimeKind.Provided || Array.Find(s_languages, one => one.Kind == kind) is var (_, language, path, _) && IsThere(language, path, ReadList());

    private bool IsThere(string language, string path, List<RuntimeInfo>? image) => image is null ? Exists(machine, path) : image.Exists(info => info.Language == language);

    private static string NotInImage(string language) =>
        $"{language} is not in the root image of this node; build one that has it (rootfs/build-image.sh {language}) and start with --root, or start without --root to use the machine's own";

    // Null: there is no image.
    private List<RuntimeInfo>? ReadList()
    {
        try
        {
            return [.. File.ReadLines(list).Select(static line => line.Split(' ')).Where(static parts => parts.Length == 3)
                .Select(static parts => new RuntimeInfo { Language = parts[0], InstalledVersion = parts[1], Path = parts[2] })];
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    private static RuntimeInfo OfMachine(string language, string machine, string path, string package)
    {
        var version = Exists(machine, path) ? Version(language, machine + path.TrimStart('/')) : "";
        return version.Length > 0
            ? new RuntimeInfo { Language = language, InstalledVersion = version, Path = path }
            : new RuntimeInfo { Language = language, Path = path, Note = $"{path} is absent or does not run; {package}" };
    }

    private static bool Exists(string machine, string path) => File.Exists(machine + path.TrimStart('/'));

    private static string Version(string language, string path)
    {
        try
        {
            var start = new ProcessStartInfo(path, language == "dotnet" ? "--list-runtimes" : "--version") { RedirectStandardOutput = true, RedirectStandardError = true };
            using var process = Process.Start(start)!;
            var lines = process.StandardOutput.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
            process.WaitForExit();
            // "Python 3.11.2", "v20.19.2", and of dotnet the newest of "Microsoft.NETCore.App 10.0.1 [/usr/share/...]", oldest first.
            var line = language == "dotnet" ? lines.LastOrDefault(static one => one.StartsWith("Microsoft.NETCore.App ", StringComparison.Ordinal)) : lines.FirstOrDefault();
            var words = (line ?? "").Split(' ');
            return words.Length > 1 ? words[1] : words[0].TrimStart('v');
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return "";
        }
    }
}
