using System.Text;
using Microsoft.AspNetCore.Http.Features;

namespace Hearth.Agent.Ingress.Web;

/// <summary>What a client of the web gets.</summary>
/// <param name="Status">200-599.</param>
/// <param name="Headers">In order; a name may come more than once.</param>
/// <param name="Reason">In place of the status's own words; null for those.</param>
internal sealed record WebResponse(int Status, List<KeyValuePair<string, string>> Headers, ReadOnlyMemory<byte> Body, string? Reason = null)
{
    public static WebResponse Of(int status, string contentType, string body) => new(status, [new("Content-Type", contentType)], Encoding.UTF8.GetBytes(body));

    public bool Has(string header) => Headers.Exists(h => h.Key.Equals(header, StringComparison.OrdinalIgnoreCase));

    /// <summary>Status and headers; what the connection itself says is not the function's to say.</summary>
    /// <param name="remaps">Such headers are passed on under the prefix x-amzn-remapped-, as API Gateway and function URLs do; else they are dropped.</param>
    public void WriteHead(HttpResponse response, bool remaps)
    {
        response.StatusCode = Status;
        if (Reason is not null && response.HttpContext.Features.Get<IHttpResponseFeature>() is { } feature)
            feature.ReasonPhrase = Reason;
        foreach (var (name, value) in Headers)
        {
            // Would let a page below one function's path stand between a browser and the whole node.
            if (name.Equals("Service-Worker-Allowed", StringComparison.OrdinalIgnoreCase))
                continue;
            var text = Ascii(value);
            if (!IsConnections(name))
                response.Headers.Append(name, text);
            else if (remaps)
                response.Headers.Append("x-amzn-remapped-" + name, text);
        }
    }

    public async Task WriteAsync(HttpContext context, bool remaps)
    {
        WriteHead(context.Response, remaps);
        if (HasNoBody)
            return;
        context.Response.ContentLength = Body.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
            await AnswerBody.WriteAsync(context, Body);
    }

    /// <summary>HTTP forbids one, and the server throws.</summary>
    public bool HasNoBody => Status is StatusCodes.Status204NoContent or StatusCodes.Status205ResetContent or StatusCodes.Status304NotModified;

    /// <summary>May be sent: a token and printable text.</summary>
    public static bool IsHeader(string name, string value) =>
        name.Length is > 0 and <= 256 && name.All(static c => char.IsAsciiLetterOrDigit(c) || "!#$%&'*+-.^_`|~".Contains(c, StringComparison.Ordinal))
        && value.All(static c => c >= ' ' && c != '\x7f' || c == '\t');

    private static bool IsConnections(string name) =>
        HopByHop.Always(name) || name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase) || name.Equals("Date", StringComparison.OrdinalIgnoreCase)
        || name.Equals("Host", StringComparison.OrdinalIgnoreCase) || name.Equals(RequestIds.Header, StringComparison.OrdinalIgnoreCase)
        || name.Equals(RequestIds.TraceHeader, StringComparison.OrdinalIgnoreCase);

    // The server sends headers as ASCII and refuses anything else.
    private static string Ascii(string value) => value.All(static c => c is >= ' ' and <= '~') ? value : string.Create(value.Length, value, static (span, text) =>
    {
        for (var i = 0; i < span.Length; i++)
            span[i] = text[i] is >= ' ' and <= '~' ? text[i] : text[i] == '\t' ? ' ' : '?';
    });
}
