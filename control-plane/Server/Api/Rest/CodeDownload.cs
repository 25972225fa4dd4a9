using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using Hearth.Contracts;
using Hearth.ControlPlane.Store;
using Microsoft.Win32.SafeHandles;

namespace Hearth.ControlPlane.Api.Rest;

/// <summary>
/// What GetFunction's Code.Location points to: the zip, for ten minutes, as AWS's presigned S3 URLs do. The token carries hash and expiry under a key that
/// lives as long as the process.
/// </summary>
public sealed class CodeDownload(BlobStore blobs, TimeProvider time)
{
    public const string Prefix = "hearth-code";

    private const int HashBytes = 32;
    private const int TokenBytes = HashBytes + sizeof(long) + HashBytes;

    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(10);

    private readonly byte[] _key = RandomNumberGenerator.GetBytes(HashBytes);

    /// <summary>Of code or of a layer, under the host name that the client itself used: that one reaches this node.</summary>
    public string Location(HttpContext http, string sha256)
    {
        byte[] token = new byte[TokenBytes];
        Convert.FromHexString(sha256, token, out _, out _);
        BinaryPrimitives.WriteInt64LittleEndian(token.AsSpan(HashBytes), (time.GetUtcNow() + Lifetime).ToUnixTimeSeconds());
        HMACSHA256.HashData(_key, token.AsSpan(0, HashBytes + sizeof(long)), token.AsSpan(HashBytes + sizeof(long)));
        string host = http.Request.Host.HasValue ? http.Request.Host.Value : "localhost";
        return $"{http.Request.Scheme}://{host}/{Prefix}/{Base64Url.EncodeToString(token)}";
    }

    /// <exception cref="LambdaException">The token is not ours, has expired, or the code has been replaced.</exception>
    public async Task SendAsync(HttpContext http, string text)
    {
        byte[] token = new byte[TokenBytes];
        if (!Base64Url.TryDecodeFromChars(text, token, out int length) || length != TokenBytes || !IsOurs(token))
            throw new LambdaException(LambdaError.AccessDenied("This link to a function's code is not valid or has expired; call GetFunction for a new one."));
        using SafeFileHandle blob = blobs.Open(Convert.ToHexStringLower(token.AsSpan(0, HashBytes)))
            ?? throw new LambdaException(LambdaError.ResourceNotFound("This code has been replaced or deleted; call GetFunction for a new link."));
        http.Response.ContentType = "application/zip";
        http.Response.ContentLength = RandomAccess.GetLength(blob);
        byte[] buffer = new byte[64 * 1024];
        for (long offset = 0; offset < http.Response.ContentLength;)
        {
            int read = await RandomAccess.ReadAsync(blob, buffer, offset, http.RequestAborted);
            if (read == 0)
                break;
            await http.Response.Body.WriteAsync(buffer.AsMemory(0, read), http.RequestAborted);
            offset += read;
        }
    }

    private bool IsOurs(ReadOnlySpan<byte> token)
    {
        Span<byte> expected = stackalloc byte[HashBytes];
        HMACSHA256.HashData(_key, token[..(HashBytes + sizeof(long))], expected);
        return CryptographicOperations.FixedTimeEquals(expected, token[(HashBytes + sizeof(long))..])
            && BinaryPrimitives.ReadInt64LittleEndian(token[HashBytes..]) >= time.GetUtcNow().ToUnixTimeSeconds();
    }
}
