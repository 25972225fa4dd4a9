using System.Text.Unicode;

namespace Hearth.Agent.Reporting.Logs;

/// <summary>Lambda's own log lines in its text format of 2025 (billed = duration + init; failures named at the end of REPORT). Tabs as AWS writes them.</summary>
internal static class PlatformLines
{
    private const int Longest = 1024;

    /// <param name="log">Where.</param>
    /// <param name="runtime">"python:3.11.2".</param>
    /// <param name="arn">Of that runtime version.</param>
    /// <param name="reason">Why it starts. Not AWS's: a field at the end, where AWS's own lines grow, and no line more.</param>
    public static void InitStart(InstanceLog log, string runtime, string arn, string reason)
    {
        Span<byte> line = stackalloc byte[Longest];
        if (Utf8.TryWrite(line, $"INIT_START Runtime Version: {runtime}\tRuntime Version ARN: {arn}\tCold Start Reason: {reason}", out var length))
            log.WritePlatform(line[..length]);
    }

    /// <param name="log">Where.</param>
    /// <param name="init">How long it took until it failed.</param>
    /// <param name="phase">init, or invoke for the second try.</param>
    /// <param name="status">timeout or error.</param>
    /// <param name="errorType">Null for a time-out.</param>
    public static void InitReport(InstanceLog log, TimeSpan init, string phase, string status, string? errorType)
    {
        Span<byte> line = stackalloc byte[Longest];
        var type = errorType is null ? "" : $"\tError Type: {errorType}";
        if (Utf8.TryWrite(line, $"INIT_REPORT Init Duration: {init.TotalMilliseconds:F2} ms\tPhase: {phase}\tStatus: {status}{type}", out var length))
            log.WritePlatform(line[..length]);
    }

    public static void Start(InstanceLog log, string requestId, string version)
    {
        Span<byte> line = stackalloc byte[Longest];
        if (Utf8.TryWrite(line, $"START RequestId: {requestId} Version: {version}", out var length))
            log.WritePlatform(line[..length]);
    }

    public static void End(InstanceLog log, string requestId)
    {
        Span<byte> line = stackalloc byte[Longest];
        if (Utf8.TryWrite(line, $"END RequestId: {requestId}", out var length))
            log.WritePlatform(line[..length]);
    }

    public static void Report(InstanceLog log, string requestId, in UsageReport usage)
    {
        Span<byte> line = stackalloc byte[Longest];
        if (!Utf8.TryWrite(line,
            $"REPORT RequestId: {requestId}\tDuration: {usage.DurationUs / 1000.0:F2} ms\tBilled Duration: {usage.BilledMs} ms\tMemory Size: {usage.MemoryMb} MB\tMax Memory Used: {usage.MaxMemoryMb} MB\t",
            out var length))
            return;
        if (usage.InitUs > 0 && Utf8.TryWrite(line[length..], $"Init Duration: {usage.InitUs / 1000.0:F2} ms\t", out var init))
            length += init;
        if (usage.Status is { } status && Utf8.TryWrite(line[length..], $"Status: {status}", out var failed))
            length += failed;
        if (usage.ErrorType is { } error && Utf8.TryWrite(line[length..], $"\tError Type: {error}", out var type))
            length += type;
        log.WritePlatform(line[..length]);
    }
}
