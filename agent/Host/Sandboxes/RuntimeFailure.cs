using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Hearth.Agent.Scheduling;
using Hearth.Agent.Spawning;
using Hearth.Contracts;
using Hearth.Contracts.V1;
using Hearth.Wire;

namespace Hearth.Agent.Sandboxes;

/// <summary>A failure that the platform saw, in the words of Lambda (payloads recorded from AWS in November 2025).</summary>
/// <param name="ErrorType">In the payload.</param>
/// <param name="Cause">After "RequestId: … Error: ".</param>
/// <param name="Status">In the journal.</param>
/// <param name="ReportStatus">"timeout" or "error", in REPORT.</param>
/// <param name="ReportErrorType">In REPORT, after "error"; null otherwise.</param>
/// <param name="Posted">The JSON that the runtime itself posted; it is passed on as it is.</param>
/// <param name="Refusal">Set when the failure is ours: the caller gets an API error, and nothing is billed.</param>
internal sealed record RuntimeFailure(
    string ErrorType, string Cause, InvocationStatus Status, string ReportStatus, string? ReportErrorType, byte[]? Posted = null, LambdaError? Refusal = null)
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static RuntimeFailure TimedOut(TimeSpan limit) => new(
        "Sandbox.Timedout",
        string.Create(CultureInfo.InvariantCulture, $"Task timed out after {limit.TotalSeconds:F2} seconds"),
        InvocationStatus.Timeout, "timeout", null);

    /// <summary>The runtime ended on its own, or the kernel ended it.</summary>
    public static RuntimeFailure Exited(in RuntimeExit exit)
    {
        if (exit.OutOfMemory)
            return new("Runtime.ExitError", "Runtime exited with error: signal: killed", InvocationStatus.OutOfMemory, "error", "Runtime.OutOfMemory");
        var cause = (exit.Signal, exit.ExitCode) switch
        {
            ( > 0, _) => $"Runtime exited with error: signal: {SignalNames.Of(exit.Signal)}",
            (_, 0) => "Runtime exited without providing a reason",
            _ => $"Runtime exited with error: exit status {exit.ExitCode}",
        };
        return new("Runtime.ExitError", cause, InvocationStatus.FunctionError, "error", "Runtime.ExitError");
    }

    /// <summary>What the runtime sent cannot be understood. Lambda has no such case: its runtimes speak HTTP.</summary>
    public static RuntimeFailure Violation(string cause) => new(
        "Runtime.ExitError", $"Runtime was stopped because it broke the protocol: {cause}", InvocationStatus.FunctionError, "error", "Runtime.ProtocolViolation");

    /// <summary>The runtime client checks the size itself; this is for one that streams past it.</summary>
    public static RuntimeFailure ResponseTooLarge(long limit) => new(
        "Function.ResponseSizeTooLarge", $"Response payload size exceeded maximum allowed payload size ({limit} bytes).",
        InvocationStatus.FunctionError, "error", "Function.ResponseSizeTooLarge");

    /// <summary>The function could not be loaded, and its runtime said why.</summary>
    public static RuntimeFailure InitError(string errorType, byte[] body) => new(
        errorType, "", InvocationStatus.InitError, "error", errorType, Posted: body);

    /// <summary>The sandbox could not run what was deployed: no bootstrap, an extension that crashed.</summary>
    public static RuntimeFailure InitFailure(string errorType, string cause) => new(errorType, cause, InvocationStatus.InitError, "error", errorType);

    /// <summary>Something of ours failed.</summary>
    public static RuntimeFailure Platform(string message) => new(
        "ServiceException", message, InvocationStatus.PlatformError, "error", "ServiceException", Refusal: LambdaError.Service(message));

    public InvocationResult ToResult(string requestId) =>
        Refusal is { } refusal ? InvocationResult.Refused(refusal) : InvocationResult.Failed(Posted ?? ToJson(requestId));

    private byte[] ToJson(string requestId)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var writer = new Utf8JsonWriter(buffer, Options))
        {
            writer.WriteStartObject();
            writer.WriteString("errorType"u8, ErrorType);
            writer.WriteString("errorMessage"u8, ErrorType.StartsWith("Function.", StringComparison.Ordinal) ? Cause : $"RequestId: {requestId} Error: {Cause}");
            writer.WriteEndObject();
        }
        return buffer.WrittenSpan.ToArray();
    }
}
