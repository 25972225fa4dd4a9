using System.Buffers;
using System.Text;
using Hearth.Contracts;
using Microsoft.AspNetCore.Http.Features;

namespace Hearth.Agent.Ingress.Signatures;

/// <summary>
/// What a signature covers: method, path, query, signed headers, and (added by the caller) the body's hash, each in the one form that client and server make of it (AWS Signature
/// Version 4, "Create a canonical request").
/// </summary>
internal static class CanonicalRequest
{
    private const string S3 = "s3";
    private const string Signature = "X-Amz-Signature";
    private static readonly SearchValues<char> s_unreserved = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~");

    /// <summary>Up to and with the line of the signed headers' names; the hash of the body follows.</summary>
    public static void Write(ArrayBufferWriter<byte> output, HttpRequest request, Authorization authorization)
    {
        // As it was sent: percent-encoding is part of what was signed.
        var target = request.HttpContext.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget.AsSpan();
        if (!target.StartsWith("/") && target.IndexOf("://") is > 0 and var scheme)
            target = target[(scheme + 3)..] is var rest && rest.IndexOf('/') is >= 0 and var slash ? rest[slash..] : "/";
        var mark = target.IndexOf('?');
        Ascii(output, request.Method);
        Line(output);
        Path(output, mark < 0 ? target : target[..mark], authorization.Service == S3);
        Line(output);
        if (mark >= 0)
            Query(output, target[(mark + 1)..], authorization.IsPresigned);
        Line(output);
        foreach (var range in authorization.SignedHeaders.AsSpan().Split(';'))
        {
            var name = authorization.SignedHeaders[range];
            Text(output, name);
            Ascii(output, ":");
            Values(output, request.Headers[name]);
            Line(output);
        }
        Line(output);
        Text(output, authorization.SignedHeaders);
        Line(output);
    }

    /// <summary>What must be signed and is not: the Host, and whatever AWS's services give a meaning to.</summary>
    public static LambdaError? FindUnsigned(HttpRequest request, Authorization authorization)
    {
        if (!IsSigned(authorization.SignedHeaders, "host"))
            return LambdaError.InvalidSignature("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");
        foreach (var (name, _) in request.Headers)
        {
            if (name.StartsWith("x-amz-", StringComparison.OrdinalIgnoreCase) && !IsSigned(authorization.SignedHeaders, name))
                return LambdaError.InvalidSignature($"There were headers present in the request which were not signed: {name.ToLowerInvariant()}");
        }
        return null;
    }

    private static bool IsSigned(string signedHeaders, string name)
    {
        foreach (var range in signedHeaders.AsSpan().Split(';'))
        {
            if (signedHeaders.AsSpan()[range].Equals(name, StringComparison.OrdinalIgnoreCase))
                return true;
        }
        return false;
    }

    private static void Path(ArrayBufferWriter<byte> output, ReadOnlySpan<char> path, bool isS3)
    {
        if (isS3)
            // The one service whose keys may hold "//" and "..", encoded once.
            Encode(output, Uri.UnescapeDataString(path.ToString()), keepSlash: true);
        else if (path.Contains("//", StringComparison.Ordinal) || path.Contains("/.", StringComparison.Ordinal))
            Encode(output, Normalise(path), keepSlash: true);
        else
            Encode(output, path.IsEmpty ? "/" : path, keepSlash: true);
    }

    /// <summary>Without empty and dot segments (RFC 3986, 5.2.4); a slash at the end stays.</summary>
    private static string Normalise(ReadOnlySpan<char> path)
    {
        var kept = new List<string>();
        var ending = "";
        foreach (var range in path.Split('/'))
        {
            var segment = path[range];
            ending = segment is "" or "." or ".." ? "/" : "";
            // An empty segment is one until the dots are resolved, for the server that serves the path as well: else one path would be signed and another served.
            if (segment is "..")
                kept.RemoveRange(Math.Max(0, kept.Count - 1), Math.Min(1, kept.Count));
            else if (segment is not ".")
                kept.Add(segment.ToString());
        }
        kept.RemoveAll(static segment => segment.Length == 0);
        return kept.Count == 0 ? "/" : $"/{string.Join('/', kept)}{ending}";
    }

    private static void Query(ArrayBufferWriter<byte> output, ReadOnlySpan<char> query, bool isPresigned)
    {
        var pairs = new List<(string Name, string Value)>();
        foreach (var range in query.Split('&'))
        {
            var part = query[range];
            if (part.IsEmpty)
                continue;
            var equals = part.IndexOf('=');
            var name = Recode(equals < 0 ? part : part[..equals]);
            if (!isPresigned || name != Signature)
                pairs.Add((name, equals < 0 ? "" : Recode(part[(equals + 1)..])));
        }
        pairs.Sort(static (a, b) => string.CompareOrdinal(a.Name, b.Name) is not 0 and var order ? order : string.CompareOrdinal(a.Value, b.Value));
        for (var i = 0; i < pairs.Count; i++)
        {
            if (i > 0)
                Ascii(output, "&");
            Ascii(output, pairs[i].Name);
            Ascii(output, "=");
            Ascii(output, pairs[i].Value);
        }
    }

    private static string Recode(ReadOnlySpan<char> part)
    {
        if (!part.ContainsAnyExcept(s_unreserved))
            return part.ToString();
        var encoded = new ArrayBufferWriter<byte>(part.Length * 3);
        Encode(encoded, Uri.UnescapeDataString(part.ToString()), keepSlash: false);
        return Encoding.ASCII.GetString(encoded.WrittenSpan);
    }

    private static void Encode(ArrayBufferWriter<byte> output, ReadOnlySpan<char> text, bool keepSlash)
    {
        Span<byte> utf8 = stackalloc byte[4];
        while (!text.IsEmpty)
        {
            var plain = text.IndexOfAnyExcept(s_unreserved);
            if (plain != 0)
            {
                Ascii(output, plain < 0 ? text : text[..plain]);
                if (plain < 0)
                    return;
                text = text[plain..];
            }
            if (text[0] == '/' && keepSlash)
            {
                Ascii(output, "/");
                text = text[1..];
                continue;
            }
            Rune.DecodeFromUtf16(text, out var rune, out var used);
            foreach (var octet in utf8[..rune.EncodeToUtf8(utf8)])
            {
                var room = output.GetSpan(3);
                room[0] = (byte)'%';
                room[1] = Digit(octet >> 4);
                room[2] = Digit(octet & 15);
                output.Advance(3);
            }
            text = text[used..];
        }

        static byte Digit(int value) => (byte)(value < 10 ? '0' + value : 'A' + value - 10);
    }

    /// <summary>Trimmed, with single spaces, commas between the values of several lines.</summary>
    private static void Values(ArrayBufferWriter<byte> output, Microsoft.Extensions.Primitives.StringValues values)
    {
        for (var i = 0; i < values.Count; i++)
        {
            if (i > 0)
                Ascii(output, ",");
            var value = values[i].AsSpan().Trim();
            while (value.IndexOf("  ") is >= 0 and var gap)
            {
                Text(output, value[..(gap + 1)]);
                value = value[gap..].TrimStart();
            }
            Text(output, value);
        }
    }

    private static void Line(ArrayBufferWriter<byte> output) => Ascii(output, "\n");

    private static void Ascii(ArrayBufferWriter<byte> output, ReadOnlySpan<char> text) => output.Advance(Encoding.ASCII.GetBytes(text, output.GetSpan(text.Length)));

    private static void Text(ArrayBufferWriter<byte> output, ReadOnlySpan<char> text) =>
        output.Advance(Encoding.UTF8.GetBytes(text, output.GetSpan(Encoding.UTF8.GetMaxByteCount(text.Length))));
}
