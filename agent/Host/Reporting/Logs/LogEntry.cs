namespace Hearth.Agent.Reporting.Logs;

/// <param name="TimeUnixMs">When the agent read it.</param>
/// <param name="RequestId">Empty outside an invocation.</param>
/// <param name="Stream">Lambda's name of the instance's log stream.</param>
/// <param name="Text">Without its line end.</param>
public readonly record struct LogEntry(long TimeUnixMs, Guid RequestId, string Stream, string Text);
