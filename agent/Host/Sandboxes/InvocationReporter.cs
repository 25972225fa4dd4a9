using Hearth.Agent.Functions;
using Hearth.Agent.Reporting;
using Hearth.Agent.Reporting.Journal;
using Hearth.Agent.Reporting.Logs;
using Hearth.Agent.Scheduling;
using Hearth.Agent.Spawning;
using Hearth.Contracts.V1;

namespace Hearth.Agent.Sandboxes;

/// <summary>END, REPORT and the journal: all before the caller is told, from the same numbers.</summary>
internal sealed class InvocationReporter(InstanceServices services, FunctionRevision function, InstanceLog log)
{
    private const long Mebibyte = 1024 * 1024;
    private int _maxMemoryMb;

    public void Report(Invocation invocation, ISandbox? sandbox, InvocationStatus status, string? reportStatus, string? errorType)
    {
        var durationUs = (long)services.Time.GetElapsedTime(invocation.StartedAt).TotalMicroseconds;
        _maxMemoryMb = Math.Max(_maxMemoryMb, (int)((Read(sandbox, static s => s.ReadMemoryPeakBytes()) + Mebibyte - 1) / Mebibyte));
        var billed = status == InvocationStatus.PlatformError ? 0 : UsageReport.Bill(durationUs, invocation.InitUs, services.Settings.BillingIncrementMs);
        var usage = new UsageReport(durationUs, invocation.InitUs, billed, function.Spec.MemoryMb, _maxMemoryMb, reportStatus, reportStatus == "error" ? errorType : null);
        PlatformLines.End(log, invocation.RequestIdText);
        PlatformLines.Report(log, invocation.RequestIdText, usage);
        log.End();
        services.Journal.Append(new FinishedInvocation(invocation.RequestId, function.Name, function.Version, invocation.StartUnixMs, usage, status));
    }

    /// <summary>Zeros when the sandbox is already gone.</summary>
    public SandboxStats ReadStats(ISandbox? sandbox) => Read(sandbox, static s => s.ReadStats());

    private T Read<T>(ISandbox? sandbox, Func<ISandbox, T> read)
        where T : struct
    {
        try
        {
            return sandbox is null ? default(T) : read(sandbox);
        }
        catch (Exception e)
        {
            services.Log.LogDebug("Counters of an instance of {Function} cannot be read: {Cause}", function.Name, e.Message);
            return default;
        }
    }
}
