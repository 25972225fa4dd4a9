using System.CommandLine;
using Hearth.Cli.Errors;
using Hearth.Cli.Parsing;

// Parsing decides everything before anything runs; one place turns whatever goes wrong into one line and an exit code.
return Failures.Guard(() =>
{
    var parsed = CommandTree.Create().Parse(args);
    Usage.Check(parsed);
    return parsed.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
});
