using System.Diagnostics;

namespace Hearth.NativeTests.Spawning;

/// <summary>A program of the host, run to its end.</summary>
internal static class HostProgram
{
    public static async Task<(int ExitCode, string Output, string Errors)> RunAsync(string[] command)
    {
        using var process = Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, output, await errors);
    }
}
