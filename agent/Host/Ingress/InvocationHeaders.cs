using System.Text;
using System.Text.Json;
using Hearth.Contracts;

namespace Hearth.Agent.Ingress;

internal enum InvocationType
{
    RequestResponse,
    Event,
    DryRun,
}

/// <summary>What the caller wants, from Lambda's request headers.</summary>
/// <param name="Type">How.</param>
/// <param name="WantsTail">The last 4 KB of the log in the answer.</param>
/// <param name="ClientContext">Decoded JSON, or null.</param>
/// <param name="ContentType">As given, when it fits a frame.</param>
internal readonly record struct InvocationHeaders(InvocationType Type, bool WantsTail, string? ClientContext, string? ContentType)
{
    private const int MaxClientContext = 3583;

    /// <param name="streamed">InvokeWithResponseStream, which has no Event.</param>
    /// <exception cref="LambdaException">A header has a value that Lambda refuses.</exception>
    public static InvocationHeaders Parse(HttpRequest request, bool streamed = false)
    {
        var type = One(request, "X-Amz-Invocation-Type") switch
        {
            null or "" or "RequestResponse" => InvocationType.RequestResponse,
            "Event" when !streamed => InvocationType.Event,
            "DryRun" => InvocationType.DryRun,
            var other => throw Enum(other, "invocationType", streamed ? "RequestResponse, DryRun" : "Event, RequestResponse, DryRun"),
        };
        var tail = One(request, "X-Amz-Log-Type") switch
        {
            null or "" or "None" => false,
            "Tail" => true,
            var other => throw Enum(other, "logType", "None, Tail"),
        };
        var contentType = request.ContentType;
        var fits = contentType is not null && RequestIds.IsHeaderText(contentType, EventLimits.MaxContentTypeLength);
        return new InvocationHeaders(type, tail, Context(One(request, "X-Amz-Client-Context")), fits ? contentType : null);
    }

    private static string? One(HttpRequest request, string name) => request.Headers[name] is [{ } value, ..] ? value : null;

    private static LambdaException Enum(string value, string member, string set) =>
        new(LambdaError.Validation(value, member, $"Member must satisfy enum value set: [{set}]"));

    private static string? Context(string? header)
    {
        if (string.IsNullOrEmpty(header))
            return null;
        if (header.Length > MaxClientContext)
            throw new LambdaException(LambdaError.InvalidRequestContent($"Client context must be no more than {MaxClientContext} bytes."));
        var bytes = new byte[header.Length];
        if (!Convert.TryFromBase64String(header, bytes, out var length))
            throw new LambdaException(LambdaError.InvalidRequestContent("Client context must be a valid Base64-encoded JSON object."));
        try
        {
            var reader = new Utf8JsonReader(bytes.AsSpan(0, length));
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
                throw new JsonException();
            reader.Skip();
            if (reader.Read())
                throw new JsonException();
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes, 0, length);
        }
        catch (Exception e) when (e is JsonException or ArgumentException)
        {
            throw new LambdaException(LambdaError.InvalidRequestContent("Client context must be a valid Base64-encoded JSON object."));
        }
    }
}
