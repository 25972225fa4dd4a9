using System.Security.Cryptography;
using System.Text;

namespace Hearth.Contracts.Access;

/// <summary>The key of one day, region and service that a secret access key becomes (AWS Signature Version 4, "Calculate the signature").</summary>
public static class SigningKey
{
    public const int Length = 32;

    public const string Algorithm = "AWS4-HMAC-SHA256";

    /// <summary>The last element of every credential scope.</summary>
    public const string Terminator = "aws4_request";

    private const int MaxStackBytes = 256;

    /// <param name="date">yyyyMMdd.</param>
    /// <param name="key">Gets <see cref="Length"/> bytes.</param>
    public static void Derive(string secret, ReadOnlySpan<char> date, ReadOnlySpan<char> region, ReadOnlySpan<char> service, Span<byte> key)
    {
        byte[] first = Encoding.UTF8.GetBytes("AWS4" + secret);
        Mac(first, date, key);
        CryptographicOperations.ZeroMemory(first);
        Mac(key[..Length], region, key);
        Mac(key[..Length], service, key);
        Mac(key[..Length], Terminator, key);
    }

    private static void Mac(ReadOnlySpan<byte> key, ReadOnlySpan<char> text, Span<byte> result)
    {
        int length = Encoding.UTF8.GetByteCount(text);
        Span<byte> bytes = length <= MaxStackBytes ? stackalloc byte[length] : new byte[length];
        Encoding.UTF8.GetBytes(text, bytes);
        Span<byte> mac = stackalloc byte[Length];
        HMACSHA256.HashData(key, bytes, mac);
        mac.CopyTo(result);
    }
}
