using System.Globalization;
using System.Text.RegularExpressions;
using Hearth.Adapter.Frames;
using Hearth.Adapter.Http;
using Hearth.Wire;

namespace Hearth.Adapter.Api;

/// <summary>
/// /2018-06-01/runtime: states, refusals and texts as in AWS's aws-lambda-runtime-interface-emulator (core/states.go, rapi/handler). One difference: after an unknown
/// response mode, which fails the invocation, the runtime may go on.
/// </summary>
internal sealed partial class RuntimeApi(AgentPipe agent, IRuntimeEvents events) : IFunctionRuntime
{
    private const string Function = "Lambda-Runtime-Function-";
    private readonly List<HttpConnection> _waiting = [];
    private Invocation? _invocation;
    private bool _isFresh;

    public RuntimeState State { get; private set; }

    public void Offer(Invocation invocation)
    {
        _invocation = invocation;
        _isFresh = true;
        if (State == RuntimeState.Ready && _waiting is [var first, ..])
            GiveOut(first);
    }

    /// <summary>The event that the runtime has not asked for yet.</summary>
    public Invocation? Untaken => _isFresh ? _invocation : null;

    /// <summary>Its id is not valid any more.</summary>
    public void Close() => _invocation = null;

    public IExchange Next(HttpRequest request, HttpConnection connection) =>
        new WholeBody(request, Router.SmallBody, _ => Wait(connection), gone: () => _waiting.Remove(connection));

    public IExchange InitError(HttpRequest request, HttpConnection connection) => new WholeBody(request, FrameLimits.MaxPayloadLength, body =>
    {
        if (body is null)
        {
            TooLarge(connection);
            return;
        }
        if (State != RuntimeState.Started)
        {
            Forbid(connection, RuntimeState.InitError);
            return;
        }
        State = RuntimeState.InitError;
        connection.Accept();
        events.OnRuntimeInitError(ErrorType(request), body);
    });

    public IExchange Response(HttpRequest request, HttpConnection connection, string id)
    {
        if (Refuse(connection, id, RuntimeState.InvocationResponse) is { } refusal)
            return refusal;
        var invocation = _invocation!;
        var contentType = request.Headers["Content-Type"];
        switch (request.Headers[Function + "Response-Mode"])
        {
            case null or "":
                return new WholeBody(request, FrameLimits.MaxPayloadLength, body => Respond(connection, invocation, contentType, body), () => Truncated(connection, invocation));
            case "streaming":
                return new StreamedResponse(connection, agent, invocation, contentType, this);
            default:
                events.BeforeAnswer();
                agent.Error(invocation.Id, "Runtime.InvalidResponseModeHeader", fatal: false, Texts.ErrorJson("Runtime.InvalidResponseModeHeader", "Invalid function response mode"));
                Sent(invocation, "Runtime.InvalidResponseModeHeader", 0);
                return connection.Refuse(400, "InvalidFunctionResponseMode", "Invalid function response mode");
        }
    }

    public IExchange Error(HttpRequest request, HttpConnection connection, string id)
    {
        if (Refuse(connection, id, RuntimeState.InvocationErrorResponse) is { } refusal)
            return refusal;
        var invocation = _invocation!;
        return new WholeBody(
            request, FrameLimits.MaxPayloadLength,
            body =>
            {
                if (body is null)
                {
                    Fail(invocation, "Function.ResponseSizeTooLarge", ResponseTooLarge);
                    TooLarge(connection);
                    return;
                }
                if (request.Headers["Content-Type"] == ErrorWithCause.ContentType)
                    body = ErrorWithCause.WithoutCause(body);
                Fail(invocation, ErrorType(request), body);
                connection.Accept();
            },
            () => Truncated(connection, invocation));
    }

    /// <summary>The caller has its answer; the runtime may ask for the next event.</summary>
    public void Sent(Invocation invocation, string? errorType, long bytes)
    {
        State = RuntimeState.RuntimeResponseSentState;
        invocation.Payload = default;
        invocation.AnsweredAt = System.Diagnostics.Stopwatch.GetTimestamp();
        events.OnAnswered(invocation, errorType, bytes);
    }

    public void BeforeAnswer() => events.BeforeAnswer();

    /// <summary>The upload ended before its end: the invocation fails, and who is still there is told.</summary>
    public void Truncated(HttpConnection connection, Invocation invocation)
    {
        Fail(invocation, "Runtime.TruncatedResponse", Texts.ErrorJson("Runtime.TruncatedResponse", "HTTP request detected as truncated"));
        connection.Error(400, "TruncatedHTTPRequest", "HTTP request detected as truncated");
    }

    public void Fail(Invocation invocation, string errorType, byte[] body)
    {
        events.BeforeAnswer();
        agent.Error(invocation.Id, errorType, fatal: false, body);
        Sent(invocation, errorType, body.Length);
    }

    /// <summary>As recorded from AWS (2025-11).</summary>
    private static byte[] ResponseTooLarge => Texts.Json(static w =>
    {
        w.WriteString("errorMessage"u8, $"Response payload size exceeded maximum allowed payload size ({FrameLimits.MaxPayloadLength} bytes).");
        w.WriteString("errorType"u8, "Function.ResponseSizeTooLarge"u8);
    });

    private void Respond(HttpConnection connection, Invocation invocation, string? contentType, byte[]? body)
    {
        if (body is null)
        {
            Fail(invocation, "Function.ResponseSizeTooLarge", ResponseTooLarge);
            TooLarge(connection);
            return;
        }
        events.BeforeAnswer();
        agent.Response(invocation.Id, contentType, body);
        Sent(invocation, null, body.Length);
        connection.Accept();
    }

    private void Wait(HttpConnection connection)
    {
        switch (State)
        {
            case RuntimeState.Running:
                // It asks again for what it has not answered.
                GiveOut(connection);
                return;
            case RuntimeState.Ready:
                break;
            case RuntimeState.Started or RuntimeState.RuntimeResponseSentState:
                State = RuntimeState.Ready;
                events.OnRuntimeReady();
                break;
            default:
                Forbid(connection, RuntimeState.Ready);
                return;
        }
        // The agent may have sent the next event before the runtime asked for it.
        _waiting.Add(connection);
        if (_isFresh)
            GiveOut(connection);
    }

    private void GiveOut(HttpConnection connection)
    {
        _waiting.Remove(connection);
        State = RuntimeState.Running;
        _isFresh = false;
        var invocation = _invocation!;
        connection.Answer(
            new HttpAnswer(200, string.IsNullOrEmpty(invocation.ContentType) ? Answers.Json : invocation.ContentType)
                .Header("Lambda-Runtime-Aws-Request-Id", invocation.RequestId)
                .Header("Lambda-Runtime-Trace-Id", invocation.TraceId)
                .Header("Lambda-Runtime-Client-Context", invocation.ClientContext)
                .Header("Lambda-Runtime-Cognito-Identity", invocation.CognitoIdentity)
                .Header("Lambda-Runtime-Invoked-Function-Arn", invocation.Arn)
                .Header("Lambda-Runtime-Deadline-Ms", invocation.DeadlineUnixMs.ToString(CultureInfo.InvariantCulture))
                .Header("Lambda-Runtime-Aws-Tenant-Id", invocation.TenantId),
            invocation.Payload.Span);
    }

    private IExchange? Refuse(HttpConnection connection, string id, RuntimeState next)
    {
        if (_invocation is null || id != _invocation.RequestId)
            return connection.Refuse(400, "InvalidRequestID", "Invalid request ID");
        if (State != RuntimeState.Running)
            return connection.Refuse(403, "InvalidStateTransition", Transition(next));
        State = next;
        _invocation.AnsweringAt = System.Diagnostics.Stopwatch.GetTimestamp();
        return null;
    }

    private void Forbid(HttpConnection connection, RuntimeState next) => connection.Error(403, "InvalidStateTransition", Transition(next));

    private string Transition(RuntimeState next) => $"State transition from {State} to {next} failed for runtime. Error: {Answers.NotAllowed}";

    private static void TooLarge(HttpConnection connection) =>
        connection.Error(413, "RequestEntityTooLarge", $"Exceeded maximum allowed payload size ({FrameLimits.MaxPayloadLength} bytes).");

    /// <summary>What a runtime may call its errors; anything else is unknown.</summary>
    private static string ErrorType(HttpRequest request)
    {
        var type = request.Headers[Function + "Error-Type"] ?? "";
        return Known().IsMatch(type) ? type : type.StartsWith("Function.", StringComparison.Ordinal) ? "Function.Unknown" : "Runtime.Unknown";
    }

    [GeneratedRegex(@"(Runtime|Function)\.[A-Z][a-zA-Z]+", RegexOptions.CultureInvariant)]
    private static partial Regex Known();
}
