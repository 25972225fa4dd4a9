using Hearth.Contracts;

namespace Hearth.Cli.Doctor;

/// <summary>Programs on the machine: the runtimes of functions and a few tools.</summary>
internal static class PackageChecks
{
    private const string Area = "packages";
    private static readonly string[] Folders = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

    public static IEnumerable<Finding> All()
    {
        yield return Tool("setpriv", Verdict.Missing, "processes cannot drop root", "apt-get install util-linux");
        yield return Tool("setsid", Verdict.Missing, "processes cannot be stopped in order", "apt-get install util-linux");
        yield return Tool("mkfs.ext4", Verdict.Limited, "/tmp of functions counts as their memory", "apt-get install e2fsprogs");
        foreach (var program in LanguageProgram.All) yield return Runtime(program);
        yield return Tool("gcc", Verdict.Limited, "Hearth cannot be built from source here, and its ABI test is skipped", "apt-get install gcc libc6-dev zlib1g-dev");
    }

    public static string? Find(string program) => Folders.Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);

    private static Finding Tool(string name, Verdict otherwise, string effect, string fix) =>
        Finding.Of(Area, name, Find(name) is not null, otherwise, Find(name) ?? "absent", effect, fix);

    // Asked by the same code as the agent asks, so that doctor and "hearth runtimes" cannot disagree.
    private static Finding Runtime(LanguageProgram program)
    {
        var version = ProgramVersion.OfAsync(program).GetAwaiter().GetResult();
        return Finding.Of(Area, program.Language + " functions", version is not null, Verdict.Limited, version is null ? $"{program.Path} is absent" : $"{program.Path}: {version}", "cannot run here", program.Install);
    }
}
