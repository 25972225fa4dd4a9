using System.Globalization;
using Hearth.Contracts;
using Hearth.Contracts.Access;

namespace Hearth.Agent.Ingress.Signatures;

/// <summary>The parts of a signature, from the Authorization header or (presigned) from the query. Nothing of it is checked against a key yet.</summary>
/// <param name="Time">As it was sent, in ISO 8601 basic form: it is part of what was signed.</param>
/// <param name="Scope">DATE/REGION/SERVICE/aws4_request.</param>
/// <param name="SignedHeaders">Lower case, semicolons between.</param>
/// <param name="Signature">As it was sent; 64 hexadecimal digits when it is one.</param>
/// <param name="Lifetime">Of a presigned request; null = signed in its header.</param>
internal sealed record Authorization(
    string KeyId, string Time, DateTimeOffset SignedAt, string Scope, string Region, string Service, string SignedHeaders, string Signature, TimeSpan? Lifetime)
{
    public const string TimeFormat = "yyyyMMdd'T'HHmmss'Z'";

    /// <summary>Of presigned requests (AWS: seven days).</summary>
    private const int MaxLifetimeSeconds = 604_800;

    private const int DefaultLifetimeSeconds = 300;

    /// <summary>As many as a request may have.</summary>
    private const int MaxSignedHeaders = 100;

    private const int DateLength = 8;

    /// <summary>Of whatever a message quotes.</summary>
    private const int MaxQuoted = 128;

    public bool IsPresigned => Lifetime is not null;

    /// <summary>Null when <paramref name="authorization"/> is set; else the refusal, in AWS's words.</summary>
    public static LambdaError? TryRead(HttpRequest request, out Authorization? authorization)
    {
        authorization = null;
        var header = request.Headers.Authorization;
        if (header.Count > 1)
            return LambdaError.IncompleteSignature("The request has more than one Authorization header.");
        if (header is [{ Length: > 0 } text])
            return FromHeader(request, text, out authorization);
        return IsPresignedForm(request) ? FromQuery(request, out authorization) : LambdaError.MissingAuthenticationToken();
    }

    private static bool IsPresignedForm(HttpRequest request) =>
        request.QueryString.HasValue && (request.Query.ContainsKey("X-Amz-Algorithm") || request.Query.ContainsKey("X-Amz-Credential") || request.Query.ContainsKey("X-Amz-Signature"));

    private static LambdaError? FromHeader(HttpRequest request, string text, out Authorization? authorization)
    {
        authorization = null;
        var space = text.IndexOf(' ');
        var algorithm = space < 0 ? text : text[..space];
        if (algorithm.StartsWith("AWS4-", StringComparison.Ordinal) && algorithm != SigningKey.Algorithm)
            return LambdaError.IncompleteSignature($"Unsupported AWS 'algorithm': '{Quote(algorithm)}'.");
        string? credential = null, headers = null, signature = null;
        if (algorithm == SigningKey.Algorithm && space >= 0)
        {
            foreach (var range in text.AsSpan(space + 1).Split(','))
            {
                var part = text.AsSpan(space + 1)[range].Trim();
                if (part.IsEmpty)
                    continue;
                var equals = part.IndexOf('=');
                if (equals <= 0)
                    return LambdaError.IncompleteSignature($"'{Quote(part)}' not a valid key=value pair (missing equal-sign) in Authorization header.");
                var value = part[(equals + 1)..].ToString();
                ref var place = ref credential;
                switch (part[..equals])
                {
                    case "Credential":
                        break;
                    case "SignedHeaders":
                        place = ref headers;
                        break;
                    case "Signature":
                        place = ref signature;
                        break;
                    default:
                        continue;
                }
                if (place is not null)
                    return LambdaError.IncompleteSignature($"The Authorization header has '{Quote(part[..equals])}' twice.");
                place = value;
            }
        }
        var time = TimeOf(request);
        var missing = Missing("Credential", credential) + Missing("Signature", signature) + Missing("SignedHeaders", headers)
            + (time is null ? " Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header." : "");
        if (missing.Length > 0)
            return LambdaError.IncompleteSignature(missing[1..]);
        return Read(credential!, headers!, signature!, time!, lifetime: null, out authorization);

        static string Missing(string name, string? value) => string.IsNullOrEmpty(value) ? $" Authorization header requires '{name}' parameter." : "";
    }

    private static LambdaError? FromQuery(HttpRequest request, out Authorization? authorization)
    {
        authorization = null;
        var query = request.Query;
        string? algorithm = One("X-Amz-Algorithm"), credential = One("X-Amz-Credential"), headers = One("X-Amz-SignedHeaders"), signature = One("X-Amz-Signature"), time = One("X-Amz-Date");
        var missing = Missing("X-Amz-Algorithm", algorithm) + Missing("X-Amz-Credential", credential) + Missing("X-Amz-Signature", signature)
            + Missing("X-Amz-SignedHeaders", headers) + Missing("X-Amz-Date", time);
        if (missing.Length > 0)
            return LambdaError.IncompleteSignature($"{missing[1..]} Re-examine the query-string parameters.");
        if (algorithm != SigningKey.Algorithm)
            return LambdaError.IncompleteSignature($"Unsupported AWS 'algorithm': '{Quote(algorithm)}'.");
        var seconds = DefaultLifetimeSeconds;
        if (query.ContainsKey("X-Amz-Expires")
            && (!int.TryParse(One("X-Amz-Expires"), NumberStyles.None, CultureInfo.InvariantCulture, out seconds) || seconds is < 1 or > MaxLifetimeSeconds))
            return LambdaError.IncompleteSignature($"X-Amz-Expires must be a number of seconds from 1 to {MaxLifetimeSeconds}.");
        return Read(credential!, headers!, signature!, time!, TimeSpan.FromSeconds(seconds), out authorization);

        string? One(string name) => query.TryGetValue(name, out var values) && values is [{ Length: > 0 } value] ? value : null;

        static string Missing(string name, string? value) => value is null ? $" AWS query-string parameters must include '{name}'." : "";
    }

    private static LambdaError? Read(string credential, string headers, string signature, string time, TimeSpan? lifetime, out Authorization? authorization)
    {
        authorization = null;
        if (!DateTimeOffset.TryParseExact(time, TimeFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var signedAt))
            return LambdaError.IncompleteSignature($"Date must be in ISO-8601 'basic format'. Got '{Quote(time)}'. See http://en.wikipedia.org/wiki/ISO_8601");
        var scope = credential.IndexOf('/');
        var parts = credential.Split('/', 6);
        if (parts.Length != 5)
            return LambdaError.IncompleteSignature($"Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '{Quote(credential)}'");
        if (parts[4] != SigningKey.Terminator)
            return LambdaError.InvalidSignature($"Credential should be scoped with a valid terminator: '{SigningKey.Terminator}', not '{Quote(parts[4])}'.");
        if (!time.AsSpan(0, DateLength).SequenceEqual(parts[1]))
            return LambdaError.InvalidSignature($"Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{Quote(parts[1])}' != '{time[..DateLength]}', from '{time}'.");
        // Each is written into what is hashed: a name a thousand times would be a header a thousand times.
        var names = headers.Split(';', MaxSignedHeaders + 1);
        if (names.Length > MaxSignedHeaders || names.Distinct(StringComparer.OrdinalIgnoreCase).Count() != names.Length)
            return LambdaError.IncompleteSignature($"SignedHeaders must name each header once, at most {MaxSignedHeaders}.");
        if (parts[2].Length == 0 || parts[3].Length == 0)
            return LambdaError.InvalidSignature("Credential should be scoped to a valid region and service: one of them is empty.");
        authorization = new Authorization(parts[0], time, signedAt, credential[(scope + 1)..], parts[2], parts[3], headers, signature, lifetime);
        return null;
    }

    /// <summary>X-Amz-Date, or a Date header in either of its forms.</summary>
    private static string? TimeOf(HttpRequest request)
    {
        if (request.Headers["X-Amz-Date"] is [{ Length: > 0 } own])
            return own;
        if (request.Headers.Date is not [{ Length: > 0 } date])
            return null;
        return DateTimeOffset.TryParseExact(date, "r", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var parsed)
            ? parsed.ToString(TimeFormat, CultureInfo.InvariantCulture)
            : date;
    }

    private static string Quote(ReadOnlySpan<char> text) => text.Length <= MaxQuoted ? text.ToString() : string.Concat(text[..MaxQuoted], "…");
}
