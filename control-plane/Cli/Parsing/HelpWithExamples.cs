using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using Hearth.Cli.Errors;

namespace Hearth.Cli.Parsing;

/// <summary>The library's help, then the examples of the command; the root also lists the exit codes.</summary>
internal sealed class HelpWithExamples(HelpAction inner) : SynchronousCommandLineAction
{
    private const string RootNotes = """
        From a clone, also:
          ./hearth build                    only compiles
          ./hearth demo                     deploys and runs three real functions on a node of its own
          ./hearth test                     runs every test
          ./hearth bench                    measures this machine beside bwrap, runc and a raw HTTP echo

        Exit codes:
          0 ok · 1 the function failed · 2 wrong usage · 3 not found · 4 no node answers · 5 refused or throttled · 6 failed here · 130 Ctrl-C

        """;

    public override int Invoke(ParseResult parseResult)
    {
        inner.Invoke(parseResult);
        var output = parseResult.InvocationConfiguration.Output;
        if (parseResult.CommandResult.Command is RootCommand) output.WriteLine(RootNotes);
        if (parseResult.CommandResult.Command is not Verb { Examples.Count: > 0 } verb) return ExitCode.Ok;
        output.WriteLine("Example:");
        foreach (var example in verb.Examples) output.WriteLine("  " + example);
        output.WriteLine();
        return ExitCode.Ok;
    }

    public static void Install(RootCommand root)
    {
        foreach (var option in root.Options)
            if (option is HelpOption { Action: HelpAction action }) option.Action = new HelpWithExamples(action);
    }
}
