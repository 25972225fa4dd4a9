using Hearth.Contracts;
using Hearth.Contracts.Access;
using Hearth.ControlPlane.Functions;

namespace Hearth.ControlPlane.Api.Rest;

/// <summary>Who calls, as the agent has found it, and what that one may do.</summary>
public sealed class Caller(CallerIdentity identity, FunctionAddress address)
{
    public string KeyId => identity.KeyId;

    public string Arn => identity.Arn(address.Account);

    /// <exception cref="LambdaException">The request says of nobody, or not in an agent's way, whose it is.</exception>
    public static Caller Of(HttpContext http, FunctionAddress address)
    {
        // Two of them could be a client's and the agent's, in whichever order.
        CallerIdentity? identity = http.Request.Headers[CallerIdentity.Header] is [{ } header] ? CallerIdentity.FromHeader(header, address.Account) : null;
        return new Caller(identity ?? throw new LambdaException(LambdaError.AccessDenied($"The request does not say whose it is (one header {CallerIdentity.Header} of an agent): it is served to nobody.")), address);
    }

    /// <param name="function">The function that it is about, in any way of naming one; null for none.</param>
    /// <exception cref="LambdaException">AccessDeniedException.</exception>
    public void Require(string action, string? function = null)
    {
        FunctionName? name = function is not null && FunctionName.TryParse(function, null, out FunctionName parsed) is null ? parsed : null;
        if (!identity.May(action, name?.Name))
            throw new LambdaException(LambdaError.NotAuthorized(Arn, action, name is { } known ? address.Arn(known.Name, known.Qualifier) : "*"));
    }
}
