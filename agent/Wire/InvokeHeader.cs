namespace Hearth.Wire;

/// <summary>Everything of an invocation but its payload.</summary>
/// <param name="RequestId">Lambda's request id, a uuid.</param>
/// <param name="DeadlineUnixMs">When the function's timeout strikes.</param>
/// <param name="InvokedFunctionArn">With the qualifier only when the caller gave one.</param>
/// <param name="TraceId">X-Ray header, or null.</param>
/// <param name="ClientContext">Decoded JSON, or null.</param>
/// <param name="CognitoIdentity">JSON, or null.</param>
/// <param name="TenantId">Or null.</param>
/// <param name="ContentType">The caller's, or null.</param>
public readonly record struct InvokeHeader(
    string RequestId,
    long DeadlineUnixMs,
    string InvokedFunctionArn,
    string? TraceId = null,
    string? ClientContext = null,
    string? CognitoIdentity = null,
    string? TenantId = null,
    string? ContentType = null);
