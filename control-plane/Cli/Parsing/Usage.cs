using System.CommandLine;
using System.CommandLine.Parsing;
using Hearth.Cli.Errors;

namespace Hearth.Cli.Parsing;

/// <summary>A wrong command line ends as one line with exit code 2, not as a page of help.</summary>
internal static class Usage
{
    public static void Check(ParseResult parsed)
    {
        if (parsed.Errors.Count == 0 || parsed.Action is HelpWithExamples) return;
        var command = parsed.CommandResult.Command;
        var name = NameOf(parsed.CommandResult);
        if (command is RootCommand && parsed.UnmatchedTokens is [var unknown, ..])
            throw CliException.Usage("usage", $"'{Short(unknown)}' is not a command", "see: hearth --help");
        throw CliException.Usage("usage", Short(Failures.OneLine(parsed.Errors[0].Message)), $"see: {name} --help");
    }

    // With the commands that it is part of: "hearth dead-letters ls".
    private static string NameOf(CommandResult result) => result.Parent is CommandResult parent ? $"{NameOf(parent)} {result.Command.Name}" : "hearth";

    // An argument may be a whole payload.
    private static string Short(string text) => text.Length <= 200 ? text : text[..200] + "...";
}
