namespace Hearth.Agent.Scheduling;

/// <param name="Policy">Memory, freezing, eviction.</param>
/// <param name="MaxConcurrency">Invocations accepted and not answered, of all functions together; Lambda's account default is 1,000.</param>
/// <param name="BurstRate">Invocations a second that one function may begin; 0 = as many as come.</param>
/// <param name="Answers">What answers that nobody has read yet may take.</param>
/// <param name="Brake">From what it is now to what the machine asks for; null = only the budget counts.</param>
internal sealed record SchedulerSettings(PolicySettings Policy, int MaxConcurrency, int BurstRate, AnswerBudget Answers, Func<MemoryBrake, MemoryBrake>? Brake = null);
