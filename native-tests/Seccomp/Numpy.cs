using System.Diagnostics;

namespace Hearth.NativeTests.Seccomp;

internal static class Numpy
{
    /// <summary>Installs Debian's package when root and a mirror is there.</summary>
    public static bool IsInstalled() =>
        Succeeds(FilteredRun.Python, "-c", "import numpy")
        || (Environment.UserName == "root"
            && Succeeds("/usr/bin/timeout", "300", "apt-get", "install", "-y", "-qq", "--no-install-recommends", "python3-numpy")
            && Succeeds(FilteredRun.Python, "-c", "import numpy"));

    private static bool Succeeds(string program, params string[] arguments)
    {
        if (!File.Exists(program))
            return false;
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = process.StandardError.ReadToEndAsync();
        process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        errors.Wait();
        return process.ExitCode == 0;
    }
}
