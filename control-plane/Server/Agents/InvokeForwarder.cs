using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Google.Protobuf;
using Hearth.Contracts;
using Hearth.Contracts.V1;
using Hearth.ControlPlane.Access;

namespace Hearth.ControlPlane.Agents;

/// <summary>
/// Invocations that come in by gRPC go on to an agent's own HTTP endpoint: the agent is the one place that answers invocations, so both ways are alike.
/// </summary>
public sealed class InvokeForwarder(AgentRegistry agents, AccountSpec account, TimeProvider time) : IDisposable
{
    private const int MaxPayloadBytes = 6_291_456;

    /// <summary>Lambda's 6 MiB + 100, and room for error bodies.</summary>
    private const int MaxAnswerBytes = 6_291_556 + 64 * 1024;

    private readonly HttpClient _http = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = false,
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        ConnectTimeout = TimeSpan.FromSeconds(5),
    })
    {
        // A function may run for 15 minutes; the caller's own deadline cancels.
        Timeout = Timeout.InfiniteTimeSpan,
        MaxResponseContentBufferSize = MaxAnswerBytes,
    };

    /// <exception cref="LambdaException">As the agent answered, or ServiceException when it cannot be reached.</exception>
    public async Task<InvokeResponse> InvokeAsync(FunctionName name, InvokeRequest request, CancellationToken cancellationToken)
    {
        if (request.Payload.Length > MaxPayloadBytes)
            throw new LambdaException(LambdaError.RequestTooLarge(MaxPayloadBytes, "InvokeFunction"));
        AgentConnection agent = agents.Any();
        using HttpRequestMessage message = Message(agent, name, request);
        try
        {
            using HttpResponseMessage answer = await _http.SendAsync(message, cancellationToken);
            byte[] body = await answer.Content.ReadAsByteArrayAsync(cancellationToken);
            return answer.StatusCode < HttpStatusCode.BadRequest ? Response(answer, body) : throw Refusal(answer, body);
        }
        catch (HttpRequestException e)
        {
            throw new LambdaException(LambdaError.Service($"The agent at {agent.Hello.Endpoint} did not answer: {e.Message}", 503));
        }
    }

    public void Dispose() => _http.Dispose();

    private HttpRequestMessage Message(AgentConnection agent, FunctionName name, InvokeRequest request)
    {
        string query = name.Qualifier is null ? "" : $"?Qualifier={Uri.EscapeDataString(name.Qualifier)}";
        var message = new HttpRequestMessage(HttpMethod.Post, $"{agent.Hello.Endpoint.TrimEnd('/')}/2015-03-31/functions/{name.Name}/invocations{query}")
        {
            Content = new ReadOnlyMemoryContent(request.Payload.Memory),
        };
        message.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        Set(message, "X-Amz-Invocation-Type", request.InvocationType);
        Set(message, "X-Amz-Log-Type", request.LogType);
        Set(message, "X-Amz-Client-Context", request.ClientContext);
        // Once access keys exist, an agent serves no unsigned request, ours included.
        account.Signer.Sign(message, request.Payload.Span, time.GetUtcNow());
        return message;
    }

    private static void Set(HttpRequestMessage message, string header, string value)
    {
        if (value.Length == 0)
            return;
        if (value.Length > 8_192 || value.Any(c => c is < ' ' or > '~'))
            throw new LambdaException(LambdaError.InvalidParameterValue($"{header} holds characters that a header cannot carry, or is too long."));
        message.Headers.TryAddWithoutValidation(header, value);
    }

    private static InvokeResponse Response(HttpResponseMessage answer, byte[] body) => new()
    {
        StatusCode = (int)answer.StatusCode,
        Payload = UnsafeByteOperations.UnsafeWrap(body),
        FunctionError = Header(answer, "X-Amz-Function-Error"),
        LogResult = Header(answer, "X-Amz-Log-Result"),
        ExecutedVersion = Header(answer, "X-Amz-Executed-Version"),
        RequestId = Header(answer, "x-amzn-RequestId"),
    };

    private static LambdaException Refusal(HttpResponseMessage answer, byte[] body)
    {
        int status = (int)answer.StatusCode;
        string code = Header(answer, LambdaError.TypeHeader) is { Length: > 0 } type ? type : "ServiceException";
        string message = $"The agent answered {status}.";
        string? reason = null;
        try
        {
            using JsonDocument json = JsonDocument.Parse(body);
            if (json.RootElement.ValueKind == JsonValueKind.Object)
            {
                message = Text(json.RootElement, "message") ?? Text(json.RootElement, "Message") ?? message;
                reason = Text(json.RootElement, "Reason");
            }
        }
        catch (JsonException)
        {
            // Not Lambda's error form: the status line is all there is to say.
        }

        return new LambdaException(new LambdaError(status, code, message, LambdaErrorBody.TypeAndLowerCaseMessage, reason));
    }

    private static string? Text(JsonElement json, string key) =>
        json.TryGetProperty(key, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static string Header(HttpResponseMessage answer, string name) =>
        answer.Headers.TryGetValues(name, out IEnumerable<string>? values) ? values.First() : "";
}
