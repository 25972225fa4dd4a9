using System.Diagnostics;
using System.Runtime.CompilerServices;
using Hearth.NativeTests.Harness;
using Xunit;

namespace Hearth.NativeTests.Vm;

/// <summary>The test VM that is run by systemd (<c>run.sh --machine systemd</c>), and commands in it.</summary>
internal static class SystemdMachine
{
    public const string CollectionName = "systemd machine";

    public static void Require()
    {
        if (!File.Exists("/run/hearth-vm/command") || !Directory.Exists("/run/systemd/system"))
            Assert.Skip("runs in the test VM with systemd only");
        Needs.Node();
    }

    /// <summary>A file of the repository, as the VM sees it.</summary>
    public static string Repository(string relative, [CallerFilePath] string here = "") =>
        "/run/host" + Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", relative));

    /// <summary>Runs it; a failure fails the test with all it printed.</summary>
    public static async Task<string> RunAsync(string program, params string[] arguments)
    {
        var (code, output) = await TryAsync(program, arguments);
        Assert.True(code == 0, $"{program} {string.Join(' ', arguments)} ended with {code}\n{output}\n{await JournalAsync()}");
        return output;
    }

    public static async Task<(int Code, string Output)> TryAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, output + await errors);
    }

    public static async Task<string> JournalAsync() => (await TryAsync("/usr/bin/journalctl", "--no-pager", "-n", "60", "-o", "short-monotonic")).Output;
}

/// <summary>One at a time: they share the machine's units, and its port 9000.</summary>
[CollectionDefinition(SystemdMachine.CollectionName, DisableParallelization = true)]
public sealed class SystemdCollection;
