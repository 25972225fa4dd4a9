using Spectre.Console;

namespace Hearth.Cli.Output;

/// <summary>stdout and stderr as Spectre consoles. Results go to stdout, progress and remarks to stderr.</summary>
internal static class Terminal
{
    public static IAnsiConsole Out { get; } = Create(Console.Out, Console.IsOutputRedirected);

    public static IAnsiConsole Error { get; } = Create(Console.Error, Console.IsErrorRedirected);

    private static IAnsiConsole Create(TextWriter writer, bool redirected)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(writer),
            Ansi = redirected ? AnsiSupport.No : AnsiSupport.Detect,
            Interactive = redirected ? InteractionSupport.No : InteractionSupport.Detect,
        });
        // In a pipe there is no width: rows must not be cut.
        if (redirected) console.Profile.Width = 400;
        return console;
    }
}
