using Hearth.Contracts;

namespace Hearth.Agent.Ingress;

/// <summary>Who signed a request.</summary>
/// <param name="AccessKeyId">As the credential names it.</param>
/// <param name="AccountId">12 digits.</param>
/// <param name="UserArn">arn:aws:iam::ACCOUNT:...</param>
/// <param name="UserId">As IAM would name the user.</param>
internal sealed record Principal(string AccessKeyId, string AccountId, string UserArn, string UserId);

/// <summary>One of the two is set.</summary>
internal readonly record struct SignatureOutcome(Principal? Principal, LambdaError? Refusal);

/// <param name="IsProved">The signature is right, as far as the body need not be known for that.</param>
internal readonly record struct HeadOutcome(bool IsProved, LambdaError? Refusal);

/// <summary>AWS's signature version 4, in the Authorization header or in the query.</summary>
internal interface IRequestSignatures
{
    /// <summary>What can be refused before anything of the body is read: no signature, one that cannot be right, or that is not when the head says the body's hash.</summary>
    HeadOutcome CheckHead(HttpRequest request);

    /// <param name="request">Its raw target, method and headers are what was signed.</param>
    /// <param name="bodySha256">32 bytes: of the body as it came.</param>
    /// <param name="action">What the signer must be allowed to do, as IAM names it; null = only who it is matters.</param>
    /// <param name="function">The function that it is done with.</param>
    /// <returns>The principal, or what the caller is refused with (403, or 400 for a signature that is none).</returns>
    SignatureOutcome Check(HttpRequest request, ReadOnlySpan<byte> bodySha256, string? action = null, string? function = null);
}
