using System.Globalization;
using System.Text;

namespace Hearth.Adapter.Http;

/// <summary>A request up to its body.</summary>
/// <param name="Method">As sent; methods are case-sensitive.</param>
/// <param name="Path">Without query, not decoded: no path here has anything to decode.</param>
/// <param name="Length">Of the body as announced; -1 when it comes in chunks.</param>
/// <param name="KeepAlive">The connection serves another request after the answer.</param>
/// <param name="ExpectsContinue">The body comes only after 100 Continue.</param>
internal sealed record HttpRequest(string Method, string Path, Headers Headers, long Length, bool KeepAlive, bool ExpectsContinue)
{
    /// <summary>Of the request line and all fields; Go's server, which AWS's is, has the same.</summary>
    public const int MaxHead = 1024 * 1024;

    private const int MaxFields = 200;

    /// <summary>Bytes up to and with the empty line that ends a head; 0 when it has not come.</summary>
    public static int FindEnd(ReadOnlySpan<byte> bytes)
    {
        for (var at = 0; ;)
        {
            var line = bytes[at..].IndexOf((byte)'\n');
            if (line < 0)
                return 0;
            at += line + 1;
            if (at < bytes.Length && bytes[at] == '\n')
                return at + 1;
            if (at + 1 < bytes.Length && bytes[at] == '\r' && bytes[at + 1] == '\n')
                return at + 2;
        }
    }

    /// <param name="head">With the empty line at its end.</param>
    /// <exception cref="HttpException">It is none.</exception>
    public static HttpRequest Parse(ReadOnlySpan<byte> head)
    {
        var rest = head;
        var line = NextLine(ref rest);
        var first = line.IndexOf((byte)' ');
        var last = line.LastIndexOf((byte)' ');
        if (first <= 0 || last <= first + 1 || line[(first + 1)..last].Contains((byte)' '))
            throw new HttpException(400, "the request line is malformed");
        var version = line[(last + 1)..];
        var modern = version.SequenceEqual("HTTP/1.1"u8);
        if (!modern && !version.SequenceEqual("HTTP/1.0"u8))
            throw new HttpException(505, "only HTTP/1.1 and HTTP/1.0 are spoken here");
        var headers = ParseFields(rest);
        var connection = headers["Connection"] ?? "";
        return new HttpRequest(
            Encoding.Latin1.GetString(line[..first]), PathOf(Encoding.Latin1.GetString(line[(first + 1)..last])), headers, LengthOf(headers),
            modern ? !Has(connection, "close") : Has(connection, "keep-alive"),
            modern && Has(headers["Expect"] ?? "", "100-continue"));
    }

    /// <summary>Lines "name: value", up to an empty one or the end.</summary>
    public static Headers ParseFields(ReadOnlySpan<byte> lines)
    {
        var headers = new Headers();
        while (!lines.IsEmpty)
        {
            var line = NextLine(ref lines);
            if (line.IsEmpty)
                break;
            var colon = line.IndexOf((byte)':');
            if (colon <= 0 || line[..colon].IndexOfAny((byte)' ', (byte)'\t') >= 0)
                throw new HttpException(400, "a header is malformed");
            if (headers.Count == MaxFields)
                throw new HttpException(431, $"there are more than {MaxFields} headers");
            headers.Add(Encoding.ASCII.GetString(line[..colon]), Encoding.UTF8.GetString(line[(colon + 1)..].Trim(" \t"u8)));
        }
        return headers;
    }

    private static ReadOnlySpan<byte> NextLine(ref ReadOnlySpan<byte> rest)
    {
        var end = rest.IndexOf((byte)'\n');
        var line = end < 0 ? rest : rest[..end];
        rest = end < 0 ? default : rest[(end + 1)..];
        return line is [.. var text, (byte)'\r'] ? text : line;
    }

    private static string PathOf(string target)
    {
        // A proxy's form: http://127.0.0.1:9001/path
        if (target.StartsWith("http://", StringComparison.OrdinalIgnoreCase))
            target = target.IndexOf('/', 7) is > 0 and var slash ? target[slash..] : "/";
        var query = target.IndexOf('?', StringComparison.Ordinal);
        return query < 0 ? target : target[..query];
    }

    private static long LengthOf(Headers headers)
    {
        var length = headers["Content-Length"];
        if (headers["Transfer-Encoding"] is { } coding)
        {
            if (!coding.Equals("chunked", StringComparison.OrdinalIgnoreCase))
                throw new HttpException(501, "of transfer codings only chunked is known here");
            return length is null ? -1 : throw new HttpException(400, "Content-Length and Transfer-Encoding exclude each other");
        }
        if (length is null)
            return 0;
        return long.TryParse(length, NumberStyles.None, CultureInfo.InvariantCulture, out var bytes) ? bytes : throw new HttpException(400, "Content-Length is no number");
    }

    private static bool Has(string list, string token)
    {
        foreach (var item in list.AsSpan().Split(','))
        {
            if (list.AsSpan(item).Trim().Equals(token, StringComparison.OrdinalIgnoreCase))
                return true;
        }
        return false;
    }
}

/// <summary>What was sent is not HTTP as it is spoken here: answered once, then the connection is closed.</summary>
internal sealed class HttpException(int status, string message) : Exception(message)
{
    public int Status => status;
}
