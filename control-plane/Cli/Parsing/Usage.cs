using System.CommandLine;
using Hearth.Cli.Errors;

namespace Hearth.Cli.Parsing;

/// <summary>A wrong command line ends as one line with exit code 2, not as a page of help.</summary>
internal static class Usage
{
    public static void Check(ParseResult parsed)
    {
        if (parsed.Errors.Count == 0 || parsed.Action is HelpWithExamples) return;
        var command = parsed.CommandResult.Command;
        var name = command is RootCommand ? "hearth" : "hearth " + command.Name;
        if (command is RootCommand && parsed.UnmatchedTokens is [var unknown, ..])
            throw CliException.Usage("usage", $"'{Short(unknown)}' is not a command", "see: hearth --help");
        throw CliException.Usage("usage", Short(Failures.OneLine(parsed.Errors[0].Message)), $"see: {name} --help");
    }

    // An argument may be a whole payload.
    private static string Short(string text) => text.Length <= 200 ? text : text[..200] + "...";
}
