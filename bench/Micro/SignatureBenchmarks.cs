using System.Security.Cryptography;
using BenchmarkDotNet.Attributes;
using Hearth.Agent.Functions;
using Hearth.Agent.Ingress.Signatures;
using Hearth.Contracts.Access;
using Hearth.Contracts.V1;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Hearth.Bench.Micro;

/// <summary>What a signed invocation costs more than an unsigned one, when its key was used before on the same day: reading the signature, the hash of the body, the comparison.</summary>
public class SignatureBenchmarks
{
    private readonly Account _account = new();
    private RequestSignatures _signatures = null!;
    private DefaultHttpContext _http = null!;
    private byte[] _body = [];

    [Params(256, 6 * 1024 * 1024)]
    public int PayloadBytes { get; set; }

    [GlobalSetup]
    public void SetUp()
    {
        _signatures = new RequestSignatures(_account, TimeProvider.System);
        _account.Replace(new AccountSettings { Keys = { new AccessKey { KeyId = "AKIAEXAMPLE234567ABC", Secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", Role = AccessRole.Invoke, Name = "caller" } } });
        _body = RandomNumberGenerator.GetBytes(PayloadBytes);
        using var signed = new HttpRequestMessage(HttpMethod.Post, "http://localhost:9000/2015-03-31/functions/hello/invocations");
        // Not older than the clock allows when the last measurement is taken.
        new RequestSigner("AKIAEXAMPLE234567ABC", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "us-east-1", "lambda").Sign(signed, _body, DateTimeOffset.UtcNow.AddMinutes(4));
        _http = new DefaultHttpContext();
        _http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget = signed.RequestUri!.PathAndQuery;
        _http.Request.Method = "POST";
        _http.Request.Headers.Host = "localhost:9000";
        foreach (var (name, values) in signed.Headers.NonValidated)
            _http.Request.Headers[name] = values.ToString();
    }

    [Benchmark]
    public bool Check()
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(_body, hash);
        return _signatures.Check(_http.Request, hash).Principal is not null ? true : throw new InvalidOperationException("the signature was refused");
    }
}
