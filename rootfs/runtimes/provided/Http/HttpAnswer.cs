using System.Buffers;
using System.Globalization;
using System.Text;

namespace Hearth.Adapter.Http;

/// <summary>Status line and headers of an answer, as bytes.</summary>
internal ref struct HttpAnswer
{
    private readonly ArrayBufferWriter<byte> _bytes = new(512);

    public HttpAnswer(int status, string? contentType)
    {
        Text(string.Create(CultureInfo.InvariantCulture, $"HTTP/1.1 {status} {Reason(status)}\r\n"));
        if (contentType is not null)
            Header("Content-Type", contentType);
    }

    /// <summary>A value from elsewhere may hold anything: line ends become spaces, as Go's server makes them.</summary>
    public readonly HttpAnswer Header(string name, string? value)
    {
        if (string.IsNullOrEmpty(value))
            return this;
        Text(name);
        Text(": ");
        Text(value.AsSpan().IndexOfAnyInRange('\0', '\x1f') < 0 ? value : string.Create(value.Length, value, static (span, text) =>
        {
            for (var i = 0; i < span.Length; i++)
                span[i] = text[i] < ' ' ? ' ' : text[i];
        }));
        Text("\r\n");
        return this;
    }

    public readonly ReadOnlySpan<byte> End(long bodyLength, bool keepAlive)
    {
        Text(string.Create(CultureInfo.InvariantCulture, $"Content-Length: {bodyLength}\r\n"));
        Text(keepAlive ? "\r\n" : "Connection: close\r\n\r\n");
        return _bytes.WrittenSpan;
    }

    private readonly void Text(string text) => Encoding.UTF8.GetBytes(text, _bytes);

    private static string Reason(int status) => status switch
    {
        200 => "OK",
        202 => "Accepted",
        400 => "Bad Request",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        413 => "Request Entity Too Large",
        431 => "Request Header Fields Too Large",
        501 => "Not Implemented",
        503 => "Service Unavailable",
        505 => "HTTP Version Not Supported",
        _ => "Internal Server Error",
    };
}
