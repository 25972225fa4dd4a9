using Hearth.Agent.Functions;
using Hearth.Contracts;

namespace Hearth.Agent.Ingress;

/// <summary>The function that a caller's name means, or Lambda's words for that there is none.</summary>
internal sealed class FunctionFinder(Catalogue catalogue)
{
    /// <exception cref="LambdaException">There is none, or it is not known yet.</exception>
    public FunctionRevision Find(FunctionName name)
    {
        if (!catalogue.IsLoaded)
            throw NotLoaded();
        var function = catalogue.Resolve(name.Name, name.Qualifier);
        var own = catalogue.Functions.FirstOrDefault()?.Spec.FunctionArn.Split(':');
        var (region, account) = own is { Length: > 4 } ? (own[3], own[4]) : ("us-east-1", "000000000000");
        if (name.Region is { } asked && asked != region)
            throw new LambdaException(LambdaError.ResourceNotFound($"Functions from '{asked}' are not reachable in this region ('{region}')"));
        if (function is null || (name.Account is { } other && other != account))
            throw new LambdaException(LambdaError.FunctionNotFound(FunctionArn.Of(name.Region ?? region, name.Account ?? account, name.Name, name.Qualifier)));
        return function;
    }

    public static LambdaException NotLoaded() => new(LambdaError.Service("This node has just started and does not know its functions yet; try again.", 503));
}
