using System.Security.Cryptography;
using System.Text;
using Hearth.Agent.Functions;
using Hearth.Agent.Ingress;
using Hearth.Agent.Ingress.Signatures;
using Hearth.Contracts.Access;
using Hearth.Contracts.V1;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Hearth.Agent.Tests.Ingress.Signatures;

/// <summary>Requests as Kestrel hands them over, without Kestrel, at the time and with the key of AWS's test suite.</summary>
internal static class Requests
{
    public const string KeyId = "AKIDEXAMPLE";
    public const string Secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
    public const string Time = "20150830T123600Z";

    public static DateTimeOffset Now { get; } = new(2015, 8, 30, 12, 36, 0, TimeSpan.Zero);

    public static RequestSignatures Signatures(DateTimeOffset? now = null, params AccessKey[] keys)
    {
        var account = new Account();
        var signatures = new RequestSignatures(account, new FixedTime(now ?? Now));
        var settings = new AccountSettings { AccountId = "000000000000", Region = "us-east-1" };
        settings.Keys.AddRange(keys.Length > 0 ? keys : [new AccessKey { KeyId = KeyId, Secret = Secret, Role = AccessRole.Admin, Name = "example" }]);
        account.Replace(settings);
        return signatures;
    }

    /// <param name="headers">Without Host and X-Amz-Date; NAME:VALUE, a bar between.</param>
    public static HttpRequest Make(string method, string target, string headers = "", string? authorization = null)
    {
        var context = new DefaultHttpContext();
        context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget = target;
        var request = context.Request;
        request.Method = method;
        var mark = target.IndexOf('?', StringComparison.Ordinal);
        request.Path = "/";
        request.QueryString = mark < 0 ? default : new QueryString(target[mark..]);
        request.Headers.Host = "example.amazonaws.com";
        request.Headers["X-Amz-Date"] = Time;
        foreach (var line in headers.Split('|', StringSplitOptions.RemoveEmptyEntries))
            request.Headers.Append(line[..line.IndexOf(':', StringComparison.Ordinal)], line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..]);
        if (authorization is not null)
            request.Headers.Authorization = authorization;
        return request;
    }

    public static string Authorization(string signedHeaders, string signature, string scope = "20150830/us-east-1/service/aws4_request", string keyId = KeyId) =>
        $"AWS4-HMAC-SHA256 Credential={keyId}/{scope}, SignedHeaders={signedHeaders}, Signature={signature}";

    public static SignatureOutcome Check(this RequestSignatures signatures, HttpRequest request, string body = "") => signatures.Check(request, SHA256.HashData(Encoding.UTF8.GetBytes(body)));

    /// <summary>Signs what is there with a key, by the test's own reading of the rules: simple paths, no query.</summary>
    public static HttpRequest Sign(this HttpRequest request, string body = "", string keyId = KeyId, string secret = Secret, string service = "lambda", string time = Time)
    {
        request.Headers["X-Amz-Date"] = time;
        var names = request.Headers.Keys.Select(static n => n.ToLowerInvariant()).Where(static n => n is "host" || n.StartsWith("x-amz-", StringComparison.Ordinal)).Order(StringComparer.Ordinal).ToList();
        var bodyHash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(body)));
        if (request.Headers["X-Amz-Content-Sha256"] is [{ } announced])
            bodyHash = announced;
        var canonical = $"{request.Method}\n{request.HttpContext.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget}\n\n{string.Concat(names.Select(n => $"{n}:{request.Headers[n]}\n"))}\n{string.Join(';', names)}\n{bodyHash}";
        var scope = $"{time[..8]}/us-east-1/{service}/aws4_request";
        var key = new byte[32];
        SigningKey.Derive(secret, time.AsSpan(0, 8), "us-east-1", service, key);
        var signature = HMACSHA256.HashData(key, Encoding.UTF8.GetBytes($"AWS4-HMAC-SHA256\n{time}\n{scope}\n{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(canonical)))}"));
        request.Headers.Authorization = Authorization(string.Join(';', names), Convert.ToHexStringLower(signature), scope, keyId);
        return request;
    }

    private sealed class FixedTime(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }
}
