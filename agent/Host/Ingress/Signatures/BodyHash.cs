using System.Security.Cryptography;
using Hearth.Contracts;

namespace Hearth.Agent.Ingress.Signatures;

/// <summary>What a request says of its body in <c>x-amz-content-sha256</c>.</summary>
internal static class BodyHash
{
    /// <summary>The body is not covered by the signature.</summary>
    public const string Unsigned = "UNSIGNED-PAYLOAD";

    private const string Name = "X-Amz-Content-Sha256";

    private static readonly byte[] s_empty = SHA256.HashData([]);

    /// <summary>Of a request without body.</summary>
    public static ReadOnlySpan<byte> Empty => s_empty;

    /// <param name="announced">Null when it says nothing; else a hash, or <see cref="Unsigned"/>.</param>
    public static LambdaError? Read(HttpRequest request, out string? announced)
    {
        announced = request.Headers[Name] is [{ Length: > 0 } header] ? header
            : request.QueryString.HasValue && request.Query[Name] is [{ Length: > 0 } parameter] ? parameter
            : null;
        // Its chunks would each need a check before the next; no client of Lambda sends it.
        return announced?.StartsWith("STREAMING-", StringComparison.Ordinal) == true
            ? LambdaError.InvalidRequestContent("x-amz-content-sha256: signatures of single chunks (STREAMING-…) are not supported; send the SHA-256 of the whole body, or UNSIGNED-PAYLOAD.")
            : null;
    }
}
