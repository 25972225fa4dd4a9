using System.Globalization;
using System.Security.Cryptography;
using Hearth.Contracts;

namespace Hearth.Agent.Ingress;

internal static class RequestIds
{
    public const string Header = "x-amzn-RequestId";
    public const string TraceHeader = "X-Amzn-Trace-Id";

    /// <summary>The caller's trace header when it is printable ASCII of at most 512 bytes, else a new one in X-Ray's form: time, then 96 random bits.</summary>
    public static string Trace(HttpRequest request, TimeProvider time)
    {
        if (request.Headers[TraceHeader] is [{ Length: > 0 } given, ..] && IsHeaderText(given, EventLimits.MaxTraceIdLength))
            return given;
        return NewTrace(time);
    }

    /// <summary>Printable ASCII of at most so many characters.</summary>
    public static bool IsHeaderText(string text, int maxLength) => text.Length <= maxLength && text.AsSpan().IndexOfAnyExceptInRange(' ', '~') < 0;

    public static string NewTrace(TimeProvider time)
    {
        Span<byte> random = stackalloc byte[12];
        RandomNumberGenerator.Fill(random);
        var seconds = time.GetUtcNow().ToUnixTimeSeconds();
        return string.Create(CultureInfo.InvariantCulture, $"Root=1-{seconds:x8}-{Convert.ToHexStringLower(random)};Sampled=0");
    }
}
