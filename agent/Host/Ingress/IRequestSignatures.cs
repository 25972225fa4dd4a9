using Hearth.Contracts;
using Hearth.Contracts.Access;

namespace Hearth.Agent.Ingress;

/// <summary>Says who signed a request.</summary>
internal interface IRequestSignatures
{
    /// <param name="bodySha256">32 bytes: of the whole body, as it was sent.</param>
    SignatureVerdict Check(HttpRequest request, ReadOnlySpan<byte> bodySha256);
}

/// <summary>One of the two is null.</summary>
/// <param name="Principal">Who signed it.</param>
/// <param name="Refusal">Why it counts as nobody's.</param>
internal readonly record struct SignatureVerdict(Principal? Principal, LambdaError? Refusal);
