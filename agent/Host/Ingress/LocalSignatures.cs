using System.Text.RegularExpressions;
using Hearth.Contracts;

namespace Hearth.Agent.Ingress;

/// <summary>While no keys exist nothing can be verified: a request that is signed in proper form is the local account's, one that is not is nobody's.</summary>
/// <param name="account">The 12 digits in this node's ARNs.</param>
internal sealed partial class LocalSignatures(Func<string> account) : IRequestSignatures
{
    /// <summary>As recorded from AWS (2025-11) for a function URL with AuthType AWS_IAM.</summary>
    public static LambdaError Forbidden { get; } = new(
        403, "AccessDeniedException",
        "Forbidden. For troubleshooting Function URL authorization issues, see: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html",
        LambdaErrorBody.UpperCaseMessage);

    public SignatureOutcome Check(HttpRequest request, ReadOnlySpan<byte> bodySha256)
    {
        var match = request.Headers.Authorization is [{ Length: <= 8192 } header] ? InHeader().Match(header) : InQuery(request.Query);
        if (match is not { Success: true })
            return new(null, Forbidden);
        var (key, own) = (match.Groups["key"].Value, account());
        return new(new Principal(key, own, $"arn:aws:iam::{own}:root", own), null);
    }

    private static Match? InQuery(IQueryCollection query) =>
        query["X-Amz-Algorithm"] == "AWS4-HMAC-SHA256" && query["X-Amz-Signature"] is [{ } signature] && Signature().IsMatch(signature) && query["X-Amz-Credential"] is [{ Length: <= 512 } credential]
            ? Credential().Match(credential)
            : null;

    [GeneratedRegex(@"\AAWS4-HMAC-SHA256 +Credential=(?<key>[A-Za-z0-9_]{1,128})/[0-9]{8}/[a-z0-9-]+/[a-z0-9-]+/aws4_request *, *SignedHeaders=[a-z0-9;_-]+ *, *Signature=[0-9a-f]{64}\z", RegexOptions.CultureInvariant)]
    private static partial Regex InHeader();

    [GeneratedRegex(@"\A(?<key>[A-Za-z0-9_]{1,128})/[0-9]{8}/[a-z0-9-]+/[a-z0-9-]+/aws4_request\z", RegexOptions.CultureInvariant)]
    private static partial Regex Credential();

    [GeneratedRegex(@"\A[0-9a-f]{64}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Signature();
}
