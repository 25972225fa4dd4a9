namespace Hearth.Contracts;

public sealed partial record LambdaError
{
    public const string LastKeyCode = "LastKeyException";

    private const int MaxQuotedValue = 256;

    /// <summary>Of one answer: a request has room for hundreds of thousands, each of which takes more to report than to send.</summary>
    public const int MaxViolations = 20;

    /// <param name="arn">With the qualifier that the client gave, if any.</param>
    public static LambdaError FunctionNotFound(string arn) => ResourceNotFound($"Function not found: {arn}");

    public static LambdaError ResourceNotFound(string message) =>
        new(404, "ResourceNotFoundException", message, LambdaErrorBody.TypeAndUpperCaseMessage);

    public static LambdaError InvalidParameterValue(string message) =>
        new(400, "InvalidParameterValueException", message, LambdaErrorBody.TypeAndLowerCaseMessage);

    /// <summary>A constraint of the service model: pattern, length, range or enum.</summary>
    /// <param name="member">lowerCamel, as AWS writes it.</param>
    /// <param name="constraint">"Member must …".</param>
    public static LambdaError Validation(string value, string member, string constraint) => Validation([Violation(value, member, constraint)]);

    /// <param name="violations">Each from <see cref="Violation"/>; AWS reports all of a request at once, we the first <see cref="MaxViolations"/>.</param>
    public static LambdaError Validation(IReadOnlyList<string> violations)
    {
        int told = Math.Min(violations.Count, MaxViolations);
        return new LambdaError(
            400, "ValidationException",
            $"{told} validation error{(told == 1 ? "" : "s")} detected: {string.Join("; ", violations.Take(told))}",
            LambdaErrorBody.LowerCaseMessage);
    }

    /// <param name="value">Null for a member that is missing. Values over 256 characters are cut, so that a refusal is never as large as the request.</param>
    public static string Violation(string? value, string member, string constraint) => value is null
        ? $"Value null at '{member}' failed to satisfy constraint: {constraint}"
        : $"Value '{(value.Length > MaxQuotedValue ? string.Concat(value.AsSpan(0, MaxQuotedValue), "…") : value)}' at '{member}' failed to satisfy constraint: {constraint}";

    public static LambdaError ResourceConflict(string message) =>
        new(409, "ResourceConflictException", message, LambdaErrorBody.TypeAndLowerCaseMessage);

    /// <summary>Sic: "already exist" is what AWS says.</summary>
    public static LambdaError FunctionExists(string name) => ResourceConflict($"Function already exist: {name}");

    public static LambdaError UpdateInProgress(string arn) =>
        ResourceConflict($"The operation cannot be performed at this time. An update is in progress for resource: {arn}");

    public static LambdaError RevisionMismatch() => new(
        412, "PreconditionFailedException",
        "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id",
        LambdaErrorBody.TypeAndLowerCaseMessage);

    /// <param name="reason">For example <c>ConcurrentInvocationLimitExceeded</c> or <c>ReservedFunctionConcurrentInvocationLimitExceeded</c>.</param>
    public static LambdaError TooManyRequests(string reason, string message = "Rate Exceeded.") =>
        new(429, "TooManyRequestsException", message, LambdaErrorBody.TypeAndLowerCaseMessage, reason);

    /// <param name="operation">As AWS names it here: InvokeFunction, CreateFunction, UpdateFunctionCode, …</param>
    public static LambdaError RequestTooLarge(long limitBytes, string operation) =>
        EntityTooLarge($"Request must be smaller than {limitBytes} bytes for the {operation} operation");

    /// <summary>Invoke's own words for an event; seen in clients' reports with the limits of their time (faultline/faultline#12).</summary>
    public static LambdaError EventTooLarge(long bytes) =>
        EntityTooLarge($"{bytes} byte payload is too large for the Event invocation type (limit {EventLimits.MaxPayloadBytes} bytes)");

    public static LambdaError EntityTooLarge(string message) =>
        new(413, "RequestEntityTooLargeException", message, LambdaErrorBody.LowerCaseMessage);

    public static LambdaError InvalidRequestContent(string message) =>
        new(400, "InvalidRequestContentException", message, LambdaErrorBody.TypeAndLowerCaseMessage);

    /// <summary>An invocation's payload that is not JSON.</summary>
    public static LambdaError PayloadNotJson(string cause) =>
        InvalidRequestContent($"Could not parse request body into json: Could not parse payload into json: {cause}");

    /// <summary>A management request whose body is not JSON, or holds a value of another type than the model says.</summary>
    public static LambdaError Serialization(string message) => new(400, "SerializationException", message, LambdaErrorBody.UpperCaseMessage);

    public static LambdaError AccessDenied(string message) => new(403, "AccessDeniedException", message, LambdaErrorBody.UpperCaseMessage);

    /// <summary>No error of AWS's: its accounts do not open when their last key goes.</summary>
    public static LambdaError LastKey(string id) => new(
        412, LastKeyCode, $"{id} is the last access key: without it every program and user of the node's machine may deploy, run and delete functions, and nobody needs to sign", LambdaErrorBody.TypeAndLowerCaseMessage);

    /// <summary>A request without any signature.</summary>
    public static LambdaError MissingAuthenticationToken() => new(403, "MissingAuthenticationTokenException", "Missing Authentication Token", LambdaErrorBody.LowerCaseMessage);

    /// <summary>A signature by a key that does not exist, or not any more.</summary>
    public static LambdaError UnrecognizedClient() =>
        new(403, "UnrecognizedClientException", "The security token included in the request is invalid.", LambdaErrorBody.LowerCaseMessage);

    public static LambdaError InvalidSignature(string message) => new(403, "InvalidSignatureException", message, LambdaErrorBody.LowerCaseMessage);

    /// <summary>A signature that lacks a part or cannot be read.</summary>
    public static LambdaError IncompleteSignature(string message) => new(403, "IncompleteSignatureException", message, LambdaErrorBody.LowerCaseMessage);

    /// <param name="action">For example <c>lambda:InvokeFunction</c>.</param>
    /// <param name="resource">An ARN, or *.</param>
    public static LambdaError NotAuthorized(string principalArn, string action, string resource) => AccessDenied(
        $"User: {principalArn} is not authorized to perform: {action} on resource: {resource} because no identity-based policy allows the {action} action");

    /// <summary>Something of ours failed or is away.</summary>
    /// <param name="status">500-599; clients retry all of them.</param>
    public static LambdaError Service(string message, int status = 500) =>
        new(status, "ServiceException", message, LambdaErrorBody.TypeAndUpperCaseMessage);

    /// <summary>Part of Lambda's API that this version does not have. 501, so that no client takes it for a missing function.</summary>
    public static LambdaError NotSupported(string what) =>
        new(501, "NotImplementedException", $"{what} is not supported yet by this version of Hearth.", LambdaErrorBody.TypeAndUpperCaseMessage);
}
