using System.Diagnostics;

namespace Hearth.Cli.Tests;

internal sealed record Outcome(int ExitCode, string Output, string Error);

/// <summary>Runs the built CLI as its users do: a process, its two streams and its exit code.</summary>
internal static class CommandLine
{
    /// <summary>
    /// In the CLI's own output, bin/PROJECT/CONFIGURATION_PLATFORM: the copy beside the tests lacks what comes to the tests with ASP.NET's framework, which the CLI
    /// does not have.
    /// </summary>
    public static string Program { get; } = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", "Hearth.Cli", Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory)), "hearth"));

    public static Process Start(IReadOnlyList<string> arguments, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(Program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        foreach (var name in (string[])["HEARTH_DATA", "HEARTH_COMMAND"]) start.Environment.Remove(name);
        foreach (var (name, value) in environment) start.Environment[name] = value;
        return Process.Start(start)!;
    }

    public static Task<Outcome> RunAsync(params string[] arguments) => RunAsync(Start(arguments));

    /// <summary>With a terminal for stdout and stderr, both of which are then Output.</summary>
    public static Task<Outcome> RunAtTerminalAsync(params string[] arguments) => RunAsync(StartAtTerminal(arguments));

    /// <param name="question">Waited for on the screen: what is typed before may be lost.</param>
    /// <param name="typed">The answer; then the input ends.</param>
    public static async Task<Outcome> AnswerAtTerminalAsync(string question, string typed, params string[] arguments)
    {
        using var process = StartAtTerminal(arguments);
        var screen = new System.Text.StringBuilder();
        var one = new char[1];
        while (!screen.ToString().Contains(question, StringComparison.Ordinal) && await process.StandardOutput.ReadAsync(one) == 1) screen.Append(one[0]);
        await process.StandardInput.WriteAsync(typed);
        process.StandardInput.Close();
        screen.Append(await process.StandardOutput.ReadToEndAsync());
        await process.WaitForExitAsync();
        return new Outcome(process.ExitCode, screen.ToString(), await process.StandardError.ReadToEndAsync());
    }

    private static Process StartAtTerminal(IReadOnlyList<string> arguments)
    {
        var start = new ProcessStartInfo("/usr/bin/script", ["--quiet", "--return", "--command", string.Join(' ', [Program, .. arguments]), "/dev/null"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        return Process.Start(start)!;
    }

    public static async Task<Outcome> RunAsync(Process started)
    {
        using var process = started;
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return new Outcome(process.ExitCode, await output, await error);
    }
}
