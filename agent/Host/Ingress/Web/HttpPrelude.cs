using System.Buffers;
using Hearth.Agent.Ingress.Web.Shapes;

namespace Hearth.Agent.Ingress.Web;

/// <summary>The head of a streamed answer of content type application/vnd.awslambda.http-integration-response: JSON with statusCode, headers and cookies, then 8 zero bytes.</summary>
internal static class HttpPrelude
{
    public const string ContentType = "application/vnd.awslambda.http-integration-response";

    /// <summary>Of the JSON.</summary>
    public const int MaxLength = 64 * 1024;

    private static readonly byte[] s_end = new byte[8];

    /// <returns>Where the body begins; null when the prelude is not complete.</returns>
    public static SequencePosition? FindEnd(in ReadOnlySequence<byte> bytes, out ReadOnlySequence<byte> json)
    {
        var reader = new SequenceReader<byte>(bytes);
        return reader.TryReadTo(out json, s_end) ? reader.Position : null;
    }

    /// <returns>Status and headers; null when it is malformed.</returns>
    public static WebResponse? Parse(in ReadOnlySequence<byte> json)
    {
        if (json.Length > MaxLength)
            return null;
        using var document = AnswerJson.TryParse(json.ToArray());
        return document is { RootElement.ValueKind: System.Text.Json.JsonValueKind.Object } ? Format2.ReadHead(document.RootElement, "application/octet-stream") : null;
    }

    /// <summary>Of an answer that was gathered whole.</summary>
    public static WebResponse? Read(ReadOnlyMemory<byte> answer)
    {
        var bytes = new ReadOnlySequence<byte>(answer);
        return FindEnd(bytes, out var json) is { } end && Parse(json) is { } head ? head with { Body = bytes.Slice(end).First } : null;
    }
}
