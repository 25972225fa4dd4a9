using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Hearth.Contracts.Access;

/// <summary>Signs requests of our own processes (AWS Signature Version 4, Authorization header). Host, x-amz-date and every other x-amz header are signed.</summary>
public sealed class RequestSigner(string keyId, string secret, string region, string service)
{
    /// <param name="request">Complete but for its signature; its path holds unreserved characters and slashes only, its query at most one parameter.</param>
    public void Sign(HttpRequestMessage request, ReadOnlySpan<byte> body, DateTimeOffset now)
    {
        string time = now.UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);
        string scope = $"{time[..8]}/{region}/{service}/{SigningKey.Terminator}";
        request.Headers.TryAddWithoutValidation("X-Amz-Date", time);
        var headers = new SortedDictionary<string, string>(StringComparer.Ordinal) { ["host"] = request.Headers.Host ?? request.RequestUri!.Authority };
        foreach ((string name, IEnumerable<string> values) in request.Headers)
        {
            if (name.StartsWith("X-Amz-", StringComparison.OrdinalIgnoreCase))
                headers[name.ToLowerInvariant()] = string.Join(',', values.Select(v => v.Trim()));
        }

        string names = string.Join(';', headers.Keys);
        string canonical = $"{request.Method.Method}\n{request.RequestUri!.AbsolutePath}\n{request.RequestUri.Query.TrimStart('?')}\n"
            + string.Concat(headers.Select(h => $"{h.Key}:{h.Value}\n")) + $"\n{names}\n{Convert.ToHexStringLower(SHA256.HashData(body))}";
        string toSign = $"{SigningKey.Algorithm}\n{time}\n{scope}\n{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(canonical)))}";
        Span<byte> key = stackalloc byte[SigningKey.Length];
        SigningKey.Derive(secret, time.AsSpan(0, 8), region, service, key);
        string signature = Convert.ToHexStringLower(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(toSign)));
        request.Headers.TryAddWithoutValidation("Authorization", $"{SigningKey.Algorithm} Credential={keyId}/{scope}, SignedHeaders={names}, Signature={signature}");
    }
}
