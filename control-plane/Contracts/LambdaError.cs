using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Hearth.Contracts;

/// <summary>An error as Lambda's REST API answers it: status line, <c>x-amzn-ErrorType</c> and the JSON body.</summary>
/// <param name="Status">HTTP status, 400-599.</param>
/// <param name="Code">Lambda's name of the error, e.g. <c>ResourceNotFoundException</c>.</param>
/// <param name="Message">For people: thing, cause, and fix where it is not obvious.</param>
/// <param name="Body">Spelling of the JSON.</param>
/// <param name="Reason">Only of TooManyRequestsException.</param>
public sealed partial record LambdaError(int Status, string Code, string Message, LambdaErrorBody Body, string? Reason = null)
{
    /// <summary>The HTTP header that carries <see cref="Code"/>.</summary>
    public const string TypeHeader = "x-amzn-ErrorType";

    /// <summary>The gRPC trailer that carries <see cref="Code"/>.</summary>
    public const string TypeTrailer = "x-amzn-errortype";

    /// <summary>The gRPC trailer that carries <see cref="Reason"/>, where there is one.</summary>
    public const string ReasonTrailer = "x-hearth-reason";

    /// <summary>Reason: the function's reserved concurrency is used up.</summary>
    public const string ReservedConcurrencyReason = "ReservedFunctionConcurrentInvocationLimitExceeded";

    /// <summary>Reason: what is left for all functions without reserved concurrency is used up, or no instance fits into the node's memory budget.</summary>
    public const string ConcurrencyReason = "ConcurrentInvocationLimitExceeded";

    // AWS sends quotes and non-ASCII as they are; the body is never embedded in HTML.
    internal static readonly JsonWriterOptions JsonOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public byte[] ToJson()
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        WriteJson(buffer);
        return buffer.WrittenSpan.ToArray();
    }

    public void WriteJson(IBufferWriter<byte> output)
    {
        using var writer = new Utf8JsonWriter(output, JsonOptions);
        writer.WriteStartObject();
        if (Reason is not null)
            writer.WriteString("Reason"u8, Reason);
        if (Body is LambdaErrorBody.TypeAndLowerCaseMessage or LambdaErrorBody.TypeAndUpperCaseMessage)
            writer.WriteString("Type"u8, Status >= 500 ? "Service" : "User");
        if (Body is LambdaErrorBody.TypeAndUpperCaseMessage or LambdaErrorBody.UpperCaseMessage)
            writer.WriteString("Message"u8, Message);
        else
            writer.WriteString("message"u8, Message);
        writer.WriteEndObject();
    }
}
