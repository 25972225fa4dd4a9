using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using Hearth.Contracts;
using Hearth.Contracts.Access;

namespace Hearth.Agent.Ingress.Signatures;

/// <summary>
/// A request whose signature names a key of ours. Whether it was made with that key is known from the head when that says what the body's hash is, as most SDKs' do, or that the body is not
/// signed; else (botocore) when the body is.
/// </summary>
/// <param name="announced">See <see cref="BodyHash.Read"/>.</param>
internal sealed class SignedRequest(HttpRequest request, Authorization authorization, RingKey key, string? announced, KeyRing ring)
{
    private const int HashLength = 32;
    private const int HexLength = 2 * HashLength;

    /// <summary>Of a canonical request that is told in an answer, so that none is as large as the request's headers.</summary>
    private const int MaxTold = 4096;

    /// <summary>Of the memory that a thread keeps for the next request.</summary>
    private const int MaxKept = 64 * 1024;

    private static readonly SearchValues<char> s_hex = SearchValues.Create("0123456789abcdef");

    // A request is checked on one thread, in one go.
    [ThreadStatic]
    private static ArrayBufferWriter<byte>? s_scratch;

    /// <summary>Whom the signature claims.</summary>
    public CallerIdentity Caller => key.Caller;

    /// <summary>The signature is right. Whether the body is the one that was signed may be open still.</summary>
    public bool IsProved { get; private set; }

    /// <returns>Null when nothing of the head is wrong.</returns>
    public LambdaError? RefusalOfHead()
    {
        if (authorization.Signature.Length != HexLength || authorization.Signature.AsSpan().ContainsAnyExcept(s_hex))
            return Mismatch("", "");
        if (announced is null)
            return null;
        Span<byte> hash = stackalloc byte[HexLength];
        if (announced == BodyHash.Unsigned)
            return Check("UNSIGNED-PAYLOAD"u8);
        if (announced.Length != HexLength || Ascii.ToLower(announced, hash, out _) != OperationStatus.Done)
            return Mismatch("", "");
        return Check(hash);
    }

    /// <param name="bodySha256">32 bytes: of the whole body, as it was sent.</param>
    /// <returns>Null when the signature is right and the body is what was signed.</returns>
    public LambdaError? Refusal(ReadOnlySpan<byte> bodySha256)
    {
        Span<byte> bodyHex = stackalloc byte[HexLength];
        Convert.TryToHexStringLower(bodySha256, bodyHex, out _);
        if (announced is null)
            return Check(bodyHex);
        return IsProved && (announced == BodyHash.Unsigned || Ascii.EqualsIgnoreCase(announced, bodyHex)) ? null : Mismatch("", "");
    }

    /// <exception cref="LambdaException">The signature is not right, or its key's role does not allow this.</exception>
    public void Require(ReadOnlySpan<byte> body, string action, string function, string? qualifier)
    {
        Span<byte> hash = stackalloc byte[HashLength];
        SHA256.HashData(body, hash);
        if (Refusal(hash) is { } refusal)
            throw new LambdaException(refusal);
        if (!Caller.May(action, function))
            throw new LambdaException(LambdaError.NotAuthorized(Caller.Arn(ring.Account), action, FunctionArn.Of(ring.Region, ring.Account, function, qualifier)));
    }

    /// <summary>Compares in a time that does not depend on where the two differ.</summary>
    /// <param name="bodyHash">As it stands in what was signed.</param>
    private LambdaError? Check(ReadOnlySpan<byte> bodyHash)
    {
        var canonical = s_scratch ??= new ArrayBufferWriter<byte>(2048);
        canonical.ResetWrittenCount();
        if (canonical.Capacity > MaxKept)
            canonical = s_scratch = new ArrayBufferWriter<byte>(2048);
        CanonicalRequest.Write(canonical, request, authorization);
        canonical.Write(bodyHash);
        Span<byte> hash = stackalloc byte[HashLength];
        SHA256.HashData(canonical.WrittenSpan, hash);
        var toSign = $"{SigningKey.Algorithm}\n{authorization.Time}\n{authorization.Scope}\n{Convert.ToHexStringLower(hash)}";
        var derived = key.Derive(authorization);
        Span<byte> expected = stackalloc byte[HashLength];
        HMACSHA256.HashData(derived, Encoding.UTF8.GetBytes(toSign), expected);
        // As text: of the two ways to write a hexadecimal digit only one is right.
        Span<byte> expectedHex = stackalloc byte[HexLength];
        Convert.TryToHexStringLower(expected, expectedHex, out _);
        Span<byte> given = stackalloc byte[HexLength];
        if (Ascii.FromUtf16(authorization.Signature, given, out _) != OperationStatus.Done || !CryptographicOperations.FixedTimeEquals(given, expectedHex))
            return Mismatch(Encoding.UTF8.GetString(canonical.WrittenSpan[..Math.Min(MaxTold, canonical.WrittenCount)]), toSign);
        key.Keep(authorization, derived);
        IsProved = true;
        return null;
    }

    private static LambdaError Mismatch(string canonical, string toSign)
    {
        const string Text = "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.";
        return LambdaError.InvalidSignature(canonical.Length == 0
            ? Text
            : $"{Text}\n\nThe Canonical String for this request should have been\n'{canonical}'\n\nThe String-to-Sign should have been\n'{toSign}'\n");
    }
}
