namespace Hearth.Cli.Node;

/// <summary>What wakes the supervisor's loop. Callbacks of other threads only post these.</summary>
internal abstract record SupervisorEvent
{
    public sealed record Ready(string Service, string Line) : SupervisorEvent;

    /// <param name="ExitCode">128 + signal when a signal ended it.</param>
    public sealed record Exited(string Service, int Pid, int ExitCode) : SupervisorEvent;

    public sealed record StopRequested : SupervisorEvent;
}
