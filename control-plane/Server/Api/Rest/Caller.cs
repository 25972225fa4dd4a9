using Hearth.Contracts;
using Hearth.Contracts.Access;
using Hearth.ControlPlane.Functions;

namespace Hearth.ControlPlane.Api.Rest;

/// <summary>Who calls, as the agent has found it, and what that one may do.</summary>
public sealed class Caller(CallerIdentity identity, FunctionAddress address)
{
    public string KeyId => identity.KeyId;

    public string Arn => identity.Arn(address.Account);

    /// <exception cref="LambdaException">The header is none of an agent's.</exception>
    public static Caller Of(HttpContext http, FunctionAddress address)
    {
        if (http.Request.Headers[CallerIdentity.Header] is not [{ } header])
            return new Caller(CallerIdentity.Local(address.Account), address);
        return new Caller(CallerIdentity.FromHeader(header) ?? throw new LambdaException(LambdaError.AccessDenied($"The header {CallerIdentity.Header} is not an agent's.")), address);
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
