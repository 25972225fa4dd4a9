using System.Diagnostics;

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
        yield return Tool("mkfs.ext4", Verdict.Limited, "/tmp of functions is in memory and counts as theirs", "apt-get install e2fsprogs");
        // Where sandboxes start them from: one in /usr/local or a home is none to them.
        yield return Runtime("python functions", "/usr/bin/python3", ["--version"], "apt-get install python3");
        yield return Runtime("nodejs functions", "/usr/bin/node", ["--version"], "apt-get install nodejs");
        yield return Runtime("dotnet functions", "/usr/bin/dotnet", ["--list-runtimes"], "install the .NET runtime: https://learn.microsoft.com/dotnet/core/install/linux");
        yield return Tool("gcc", Verdict.Limited, "Hearth cannot be built from source here, and its ABI test is skipped", "apt-get install gcc libc6-dev zlib1g-dev");
    }

    public static string? Find(string program) => Folders.Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);

    private static Finding Tool(string name, Verdict otherwise, string effect, string fix) =>
        Finding.Of(Area, name, Find(name) is not null, otherwise, Find(name) ?? "absent", effect, fix);

    private static Finding Runtime(string name, string path, string[] arguments, string fix)
    {
        var version = File.Exists(path) ? FirstLine(path, arguments) : null;
        return Finding.Of(Area, name, version is not null, Verdict.Limited, version is null ? $"{path} is absent" : $"{path}: {version}", "cannot run here", fix);
    }

    private static string? FirstLine(string path, string[] arguments)
    {
        try
        {
            var start = new ProcessStartInfo(path, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
            using var process = Process.Start(start);
            var lines = process!.StandardOutput.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
            process.WaitForExit();
            // dotnet lists one runtime a line, oldest first: the newest base runtime is the one that counts.
            var line = lines.LastOrDefault(one => one.StartsWith("Microsoft.NETCore.App", StringComparison.Ordinal)) ?? lines.FirstOrDefault();
            return process.ExitCode == 0 ? line : null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }
}
