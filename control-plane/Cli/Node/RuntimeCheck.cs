using System.Diagnostics;
using Hearth.Cli.Errors;

namespace Hearth.Cli.Node;

/// <summary>
/// Whether sandboxes can execute what <c>--runtime</c> names: the spawner is asked, whose rules they are. Only at <c>up</c>, in front of whom typed it; a node that runs already and
/// whose interpreter goes away serves on, but for functions of that id.
/// </summary>
internal static class RuntimeCheck
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(30);

    /// <param name="options">The spawner lies in its data directory already.</param>
    public static void Require(UpOptions options)
    {
        if (options.Runtimes.Count == 0) return;
        var arguments = Services.Plan(options)[0].Arguments;
        var start = new ProcessStartInfo(Path.Join(options.DataDirectory, "bin", Services.Spawner), [.. arguments, "--check"]) { RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var said = process.StandardError.ReadToEnd().Trim();
        process.WaitForExit(s_limit);
        if (process.ExitCode != 0)
            throw new CliException(ExitCode.Refused, "up", said.Replace("\n", "; ", StringComparison.Ordinal), "name an interpreter below /usr that is there, or leave that --runtime out: the nearest installed version runs the id then");
    }
}
