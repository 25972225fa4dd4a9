using System.Net;
using Hearth.Agent.Functions;
using Microsoft.Extensions.Primitives;

namespace Hearth.Agent.Ingress.Web;

/// <summary>A request on its way to become an event.</summary>
internal sealed class WebRequest(HttpContext context, WebTarget target, FunctionRevision function, string requestId, string traceId, DateTimeOffset time, ReadOnlyMemory<byte> body, Principal? signer)
{
    private const string ForwardedFor = "X-Forwarded-For", ForwardedPort = "X-Forwarded-Port", ForwardedProto = "X-Forwarded-Proto";
    private readonly HttpRequest _request = context.Request;

    public WebTarget Target => target;

    public string Method => _request.Method;

    /// <summary>Of the function's ARN.</summary>
    public string AccountId => function.AccountId;

    public string Region => function.Region;

    public string RequestId => requestId;

    public DateTimeOffset Time => time;

    public string Protocol => _request.Protocol;

    public string UserAgent => _request.Headers.UserAgent.ToString();

    public ReadOnlyMemory<byte> Body => body;

    /// <summary>The client did send one, if only an empty one.</summary>
    public bool HasBody => !body.IsEmpty;

    /// <summary>Null when nobody had to sign.</summary>
    public Principal? Signer => signer;

    /// <summary>Other end of the connection.</summary>
    public string SourceIp => context.Connection.RemoteIpAddress is { } address ? (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).ToString() : IPAddress.Loopback.ToString();

    public string ContentType => _request.ContentType ?? "";

    public bool HasContentEncoding => _request.Headers.ContentEncoding.Count > 0;

    /// <summary>Each cookie by itself.</summary>
    public IEnumerable<string> Cookies =>
        from header in _request.Headers.Cookie
        from cookie in (header ?? "").Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
        select cookie;

    /// <summary>As the client sent them, but for those of the connection, and with those that AWS's front doors add.</summary>
    public IEnumerable<KeyValuePair<string, StringValues>> Headers()
    {
        var hopByHop = new HopByHop(_request.Headers.Connection);
        foreach (var header in _request.Headers)
        {
            if (!hopByHop.Includes(header.Key) && !IsOurs(header.Key))
                yield return header;
        }
        // Behind a proxy that ends TLS: what it says stays.
        var before = _request.Headers[ForwardedFor].ToString();
        yield return new(ForwardedFor, before.Length > 0 ? $"{before}, {SourceIp}" : SourceIp);
        yield return new(ForwardedProto, _request.Headers[ForwardedProto] is [("http" or "https") and var scheme] ? scheme : _request.Scheme);
        yield return new(ForwardedPort, _request.Headers[ForwardedPort] is [{ Length: > 0 and <= 5 } port] && port.All(char.IsAsciiDigit) ? port : $"{_request.Host.Port ?? 80}");
        yield return new(RequestIds.TraceHeader, traceId);
    }

    /// <summary>Names and values in order.</summary>
    /// <param name="decode">%41 and + become what they mean.</param>
    public List<KeyValuePair<string, string>> Query(bool decode = true)
    {
        List<KeyValuePair<string, string>> all = [];
        foreach (var pair in target.Query.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = pair.IndexOf('=', StringComparison.Ordinal);
            var (name, value) = equals < 0 ? (pair, "") : (pair[..equals], pair[(equals + 1)..]);
            all.Add(decode ? new(WebUtility.UrlDecode(name), WebUtility.UrlDecode(value)) : new(name, value));
        }
        return all;
    }

    private static bool IsOurs(string name) =>
        name.Equals(ForwardedFor, StringComparison.OrdinalIgnoreCase) || name.Equals(ForwardedProto, StringComparison.OrdinalIgnoreCase)
        || name.Equals(ForwardedPort, StringComparison.OrdinalIgnoreCase) || name.Equals(RequestIds.TraceHeader, StringComparison.OrdinalIgnoreCase);
}
