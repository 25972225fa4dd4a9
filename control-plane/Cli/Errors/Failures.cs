using Grpc.Core;

namespace Hearth.Cli.Errors;

/// <summary>Turns whatever a command throws into one line on stderr and an exit code.</summary>
internal static class Failures
{
    /// <param name="show">Makes a line fit for a terminal: a cause may be in the words of a function or of another process.</param>
    public static int Guard(Func<string, string> show, Func<int> command)
    {
        try
        {
            return command();
        }
        catch (AggregateException wrapped) when (wrapped.InnerExceptions.Count == 1)
        {
            return Report(wrapped.InnerExceptions[0], show);
        }
#pragma warning disable CA1031 // The last line of defence: a person never sees a stack trace.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            return Report(failure, show);
        }
    }

    private static int Report(Exception failure, Func<string, string> show)
    {
        // HEARTH_TRACE is for people who work on Hearth itself.
        if (Environment.GetEnvironmentVariable("HEARTH_TRACE") is { Length: > 0 }) Console.Error.WriteLine(failure);
        var (line, code) = Describe(failure);
        if (line.Length > 0) Console.Error.WriteLine(show(line));
        return code;
    }

    private static (string Line, int Code) Describe(Exception failure) => failure switch
    {
        CliException known => (known.Line, known.ExitCode),
        RpcException { StatusCode: StatusCode.Cancelled } or OperationCanceledException => ("", ExitCode.Interrupted),
        RpcException rpc => RpcFailures.Describe(rpc),
        UnauthorizedAccessException => ($"hearth: files: {OneLine(failure.Message)}; run it with sudo or choose another path", ExitCode.Failed),
        IOException => ($"hearth: files: {OneLine(failure.Message)}", ExitCode.Failed),
        _ => ($"hearth: internal error: {failure.GetType().Name}: {OneLine(failure.Message)}; run again with HEARTH_TRACE=1 and report what it prints", ExitCode.Failed),
    };

    internal static string OneLine(string text) => text.ReplaceLineEndings(" ").Trim().TrimEnd('.');
}
