using System.CommandLine;
using System.CommandLine.Invocation;
using System.Runtime.InteropServices;
using Hearth.Cli.Errors;
using Hearth.Cli.Output;
using Hearth.Cli.Parsing;

// Parsing decides everything before anything runs; one place turns whatever goes wrong into one line and an exit code.
return Failures.Guard(VisibleText.Lines, () =>
{
    // Off: the library would replace @FILE by the words in the file, and --payload @FILE is ours.
    // No word at all: somebody who wants to know what there is.
    var parsed = CommandTree.Create().Parse(args is [] ? ["--help"] : args, new ParserConfiguration { ResponseFileTokenReplacer = null });
    Usage.Check(parsed);
    // Null: the library's own handling of Ctrl-C begins late and ends a command after 2 s; "up" minds its signals itself and must stay on this thread.
    var run = new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };
    if (parsed.Action is not AsynchronousCommandLineAction) return parsed.Invoke(run);
    using var stop = new CancellationTokenSource();
    using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
    using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
    return parsed.InvokeAsync(run, stop.Token).GetAwaiter().GetResult();

    // The first asks the command to put the terminal back and end; a second one does not ask.
    void Stop(PosixSignalContext context)
    {
        context.Cancel = !stop.IsCancellationRequested;
        stop.Cancel();
    }
});
