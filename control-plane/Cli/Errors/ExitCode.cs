namespace Hearth.Cli.Errors;

/// <summary>What scripts may rely on. Listed in this folder's README and in <c>hearth --help</c>.</summary>
internal static class ExitCode
{
    public const int Ok = 0;

    /// <summary>The function answered with an error; for <c>doctor</c>: Hearth cannot run here.</summary>
    public const int FunctionError = 1;

    /// <summary>A wrong command line, setting or file.</summary>
    public const int Usage = 2;

    public const int NotFound = 3;

    /// <summary>No node answers, or this user may not talk to it.</summary>
    public const int Unreachable = 4;

    /// <summary>Throttled, over a limit, already there, not allowed.</summary>
    public const int Refused = 5;

    /// <summary>Something on this machine failed: the node did not start, a disk is full.</summary>
    public const int Failed = 6;

    /// <summary>Ctrl-C, as shells number it.</summary>
    public const int Interrupted = 130;
}
