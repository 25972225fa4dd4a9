using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Hearth.Adapter.Api;
using Hearth.Adapter.Frames;
using Hearth.Adapter.Processes;
using Hearth.Adapter.Telemetry;

namespace Hearth.Adapter;

// What subscribers of the Telemetry and Logs APIs are told of the sandbox's life. Durations are the adapter's own; billing is the agent's.
internal sealed partial class Sandbox
{
    private readonly TelemetryHub _telemetry;
    private long _initBegan;
    private double? _unreportedInitMs;
    private bool _initRuntimeDone;
    private bool _runtimeDone;
    private string _status = "success";
    private string? _errorType;
    private long _produced;

    private LineSplitter Lines(bool ofExtension) => new(_telemetry, ofExtension, () => Variable("AWS_LAMBDA_LOG_FORMAT") == "JSON");

    private void TellInitStart()
    {
        _initBegan = Stopwatch.GetTimestamp();
        _telemetry.Platform("platform.initStart", w =>
        {
            WriteInit(w);
            w.WriteString("functionName"u8, Variable("AWS_LAMBDA_FUNCTION_NAME"));
            w.WriteString("functionVersion"u8, Variable("AWS_LAMBDA_FUNCTION_VERSION"));
            w.WriteString("instanceId"u8, Variable("AWS_LAMBDA_LOG_STREAM_NAME"));
            w.WriteNumber("instanceMaxMemory"u8, MemoryMb * 1024 * 1024);
            w.WriteString("runtimeVersion"u8, _client?.Version ?? $"provided:{OwnVersion}");
        }, logsType: "");
    }

    private void TellInitRuntimeDone(string status, string? errorType)
    {
        if (_initRuntimeDone)
            return;
        _initRuntimeDone = true;
        _telemetry.Platform("platform.initRuntimeDone", w =>
        {
            WriteInit(w);
            WriteStatus(w, status, errorType);
        }, logsType: "");
    }

    private void TellInitDone(string status, string? errorType)
    {
        TellInitRuntimeDone(status, errorType);
        var took = Stopwatch.GetElapsedTime(_initBegan).TotalMilliseconds;
        _unreportedInitMs = took;
        foreach (var extension in _extensions.All.Where(static e => e.State != ExtensionState.Started))
        {
            _telemetry.Platform("platform.extension", w =>
            {
                w.WriteString("name"u8, extension.Name);
                w.WriteString("state"u8, extension.State.ToString());
                w.WriteStartArray("events"u8);
                foreach (var name in extension.Events.Split(',', StringSplitOptions.RemoveEmptyEntries))
                    w.WriteStringValue(name);
                w.WriteEndArray();
            });
        }
        _telemetry.Platform("platform.initReport", w =>
        {
            WriteInit(w);
            WriteStatus(w, status, errorType);
            w.WriteStartObject("metrics"u8);
            WriteMs(w, "durationMs", took);
            w.WriteEndObject();
        }, logsType: "");
        _telemetry.Close();
    }

    private void TellStart(Invocation invocation)
    {
        (_runtimeDone, _status, _errorType, _produced) = (false, "success", null, 0);
        _telemetry.Platform("platform.start", w =>
        {
            w.WriteString("requestId"u8, invocation.RequestId);
            w.WriteString("version"u8, Variable("AWS_LAMBDA_FUNCTION_VERSION"));
            WriteTracing(w, invocation);
        });
    }

    /// <summary>The runtime is done with the event: it asks for the next, or it is gone.</summary>
    private void TellRuntimeDone(string? status = null, string? errorType = null)
    {
        if (_invocation is not { } invocation || _runtimeDone || !_telemetry.IsWanted)
            return;
        _runtimeDone = true;
        (_status, _errorType) = status is null ? (_status, _errorType) : (status, errorType);
        var took = Stopwatch.GetElapsedTime(invocation.StartedAt).TotalMilliseconds;
        _telemetry.Platform("platform.runtimeDone", w =>
        {
            w.WriteString("requestId"u8, invocation.RequestId);
            WriteStatus(w, _status, _errorType);
            w.WriteStartObject("metrics"u8);
            WriteMs(w, "durationMs", took);
            w.WriteNumber("producedBytes"u8, _produced);
            w.WriteEndObject();
            w.WriteStartArray("spans"u8);
            if (invocation.AnsweringAt != 0 && invocation.AnsweredAt != 0)
            {
                WriteSpan(w, "responseLatency", invocation.StartedAt, invocation.AnsweringAt);
                WriteSpan(w, "responseDuration", invocation.AnsweringAt, invocation.AnsweredAt);
            }
            w.WriteEndArray();
            WriteTracing(w, invocation);
        });
    }

    /// <summary>Everybody is done with the event.</summary>
    private void TellReport()
    {
        if (_invocation is not { } invocation || !_telemetry.IsWanted)
            return;
        // As they are told: what is billed is what whoever adds them up comes to.
        var took = Microseconds(Stopwatch.GetElapsedTime(invocation.StartedAt).TotalMilliseconds);
        decimal? init = _unreportedInitMs is { } unreported ? Microseconds(unreported) : null;
        _unreportedInitMs = null;
        _telemetry.Platform("platform.end", w => w.WriteString("requestId"u8, invocation.RequestId), onlyLogs: true);
        _telemetry.Platform("platform.report", w =>
        {
            w.WriteString("requestId"u8, invocation.RequestId);
            WriteStatus(w, _status, _errorType);
            w.WriteStartObject("metrics"u8);
            w.WriteNumber("durationMs"u8, took);
            w.WriteNumber("billedDurationMs"u8, (long)Math.Ceiling(took + (init ?? 0)));
            w.WriteNumber("memorySizeMB"u8, MemoryMb);
            w.WriteNumber("maxMemoryUsedMB"u8, Math.Min(MemoryMb, SandboxMemory.PeakMb()));
            if (init is { } first)
                w.WriteNumber("initDurationMs"u8, first);
            w.WriteEndObject();
            WriteTracing(w, invocation);
        });
    }

    private long MemoryMb => long.TryParse(Variable("AWS_LAMBDA_FUNCTION_MEMORY_SIZE"), NumberStyles.None, CultureInfo.InvariantCulture, out var mb) ? mb : 0;

    private static void WriteInit(Utf8JsonWriter w)
    {
        w.WriteString("initializationType"u8, "on-demand"u8);
        w.WriteString("phase"u8, "init"u8);
    }

    private static void WriteStatus(Utf8JsonWriter w, string status, string? errorType)
    {
        w.WriteString("status"u8, status);
        if (errorType is not null)
            w.WriteString("errorType"u8, errorType);
    }

    private static void WriteTracing(Utf8JsonWriter w, Invocation invocation)
    {
        if (string.IsNullOrEmpty(invocation.TraceId))
            return;
        w.WriteStartObject("tracing"u8);
        w.WriteString("type"u8, "X-Amzn-Trace-Id"u8);
        w.WriteString("value"u8, invocation.TraceId);
        w.WriteEndObject();
    }

    private static void WriteSpan(Utf8JsonWriter w, string name, long from, long to)
    {
        w.WriteStartObject();
        w.WriteString("name"u8, name);
        w.WriteString("start"u8, (DateTimeOffset.UtcNow - Stopwatch.GetElapsedTime(from)).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
        WriteMs(w, "durationMs", Stopwatch.GetElapsedTime(from, to).TotalMilliseconds);
        w.WriteEndObject();
    }

    private static void WriteMs(Utf8JsonWriter w, string name, double milliseconds) => w.WriteNumber(name, Math.Round(milliseconds, 3));

    private static decimal Microseconds(double milliseconds) => Math.Round((decimal)milliseconds, 3);
}
