using System.ComponentModel;
using System.Diagnostics;

namespace Hearth.Contracts;

/// <summary>Asks a program for its version by running it.</summary>
public static class ProgramVersion
{
    /// <summary>Far more than any of them takes; for one that hangs on a broken disk.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    /// <returns>"3.11.2", or null when the program is absent, fails or prints something else.</returns>
    public static async Task<string?> OfAsync(LanguageProgram program)
    {
        if (!File.Exists(program.Path))
            return null;
        var start = new ProcessStartInfo(program.Path, program.VersionArguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        };
        // dotnet's first run would greet, and write into a home that may not exist.
        start.Environment["DOTNET_NOLOGO"] = "1";
        try
        {
            using var process = Process.Start(start)!;
            using var limit = new CancellationTokenSource(s_patience);
            process.StandardInput.Close();
            try
            {
                Task<string> errors = process.StandardError.ReadToEndAsync(limit.Token);
                string output = await process.StandardOutput.ReadToEndAsync(limit.Token);
                await errors;
                await process.WaitForExitAsync(limit.Token);
                return process.ExitCode == 0 ? Parse(output, program.VersionPrefix) : null;
            }
            finally
            {
                if (!process.HasExited)
                    process.Kill();
            }
        }
        catch (Exception e) when (e is Win32Exception or OperationCanceledException or IOException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>The last line with the prefix: dotnet lists runtimes oldest first, and functions run on the newest.</summary>
    internal static string? Parse(string output, string prefix) => output.Split('\n')
        .LastOrDefault(line => line.StartsWith(prefix, StringComparison.Ordinal))?[prefix.Length..]
        .Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).FirstOrDefault();
}
