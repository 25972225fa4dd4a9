using System.CommandLine;
using Hearth.Cli.Errors;
using Hearth.Cli.Parsing;

// Parsing decides everything before anything runs; one place turns whatever goes wrong into one line and an exit code.
return Failures.Guard(() =>
{
    // Off: the library would replace @FILE by the words in the file, and --payload @FILE is ours.
    var parsed = CommandTree.Create().Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
    Usage.Check(parsed);
    return parsed.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
});
