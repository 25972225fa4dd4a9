namespace Hearth.Agent.Scheduling;

/// <param name="Policy">Memory, freezing, eviction.</param>
/// <param name="MaxConcurrency">Invocations accepted and not answered, of all functions together; Lambda's account default is 1,000.</param>
internal sealed record SchedulerSettings(PolicySettings Policy, int MaxConcurrency);
