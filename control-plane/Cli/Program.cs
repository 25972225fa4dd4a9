using System.CommandLine;
using System.CommandLine.Invocation;
using Hearth.Cli.Errors;
using Hearth.Cli.Parsing;

// Parsing decides everything before anything runs; one place turns whatever goes wrong into one line and an exit code.
return Failures.Guard(() =>
{
    // Off: the library would replace @FILE by the words in the file, and --payload @FILE is ours.
    var parsed = CommandTree.Create().Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
    Usage.Check(parsed);
    // After Ctrl-C a command puts the terminal back as it was. The library's own limit of 2 s would cut that short on a busy machine.
    var run = new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = TimeSpan.FromSeconds(20) };
    // Only InvokeAsync turns Ctrl-C into a cancellation; a synchronous action ("up") must stay on this thread and minds its signals itself.
    return parsed.Action is AsynchronousCommandLineAction ? parsed.InvokeAsync(run).GetAwaiter().GetResult() : parsed.Invoke(run);
});
