using Hearth.Contracts.V1;

namespace Hearth.Agent.Reporting.Journal;

/// <param name="RequestId">Lambda's request id.</param>
/// <param name="FunctionName">At most 64 bytes.</param>
/// <param name="Version">"$LATEST" or a number.</param>
/// <param name="StartUnixMs">When the event was written to the runtime, or the invocation was given up.</param>
/// <param name="Usage">What it used.</param>
/// <param name="Status">How it ended.</param>
internal readonly record struct FinishedInvocation(
    Guid RequestId, string FunctionName, string Version, long StartUnixMs, UsageReport Usage, InvocationStatus Status);
