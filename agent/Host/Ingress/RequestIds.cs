using System.Globalization;
using System.Security.Cryptography;

namespace Hearth.Agent.Ingress;

internal static class RequestIds
{
    public const string Header = "x-amzn-RequestId";
    public const string TraceHeader = "X-Amzn-Trace-Id";
    private const int MaxTraceLength = 512;

    /// <summary>The caller's trace header when it is printable ASCII of at most 512 bytes, else a new one in X-Ray's form: time, then 96 random bits.</summary>
    public static string Trace(HttpRequest request, TimeProvider time)
    {
        if (request.Headers[TraceHeader] is [{ Length: > 0 and <= MaxTraceLength } given, ..] && given.AsSpan().IndexOfAnyExceptInRange(' ', '~') < 0)
            return given;
        return NewTrace(time);
    }

    public static string NewTrace(TimeProvider time)
    {
        Span<byte> random = stackalloc byte[12];
        RandomNumberGenerator.Fill(random);
        var seconds = time.GetUtcNow().ToUnixTimeSeconds();
        return string.Create(CultureInfo.InvariantCulture, $"Root=1-{seconds:x8}-{Convert.ToHexStringLower(random)};Sampled=0");
    }
}
