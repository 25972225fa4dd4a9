using Hearth.Contracts;
using Hearth.ControlPlane.Hosting;

namespace Hearth.ControlPlane.Functions;

/// <summary>Names and ARNs in this node's region and account.</summary>
public sealed class FunctionAddress(ServerOptions options)
{
    public string Arn(string name, string? qualifier = null) => FunctionArn.Of(options.Region, options.Account, name, qualifier);

    /// <summary>Parses a client's way of naming a function and refuses ARNs that are not of here.</summary>
    /// <exception cref="LambdaException"/>
    public FunctionName Parse(string? segment, string? qualifier)
    {
        if (segment is null)
            throw new LambdaException(LambdaError.Validation([LambdaError.Violation(null, "functionName", "Member must not be null")]));
        FunctionName name = FunctionName.Parse(segment, qualifier);
        if (name.Region is { } region && region != options.Region)
            throw new LambdaException(LambdaError.ResourceNotFound($"Functions from '{region}' are not reachable in this region ('{options.Region}')"));
        if (name.Account is { } account && account != options.Account)
            throw new LambdaException(LambdaError.FunctionNotFound(FunctionArn.Of(options.Region, account, name.Name, name.Qualifier)));
        return name;
    }

    /// <summary>For operations on the function as a whole.</summary>
    /// <exception cref="LambdaException"/>
    public FunctionName ParseUnqualified(string segment)
    {
        FunctionName name = Parse(segment, null);
        return name.Qualifier is null ? name : throw new LambdaException(LambdaError.InvalidParameterValue(
            "This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. Please specify either a function name or an unqualified function ARN."));
    }

    public string LayerArn(string layer, long? version = null) => version is null
        ? $"arn:aws:lambda:{options.Region}:{options.Account}:layer:{layer}"
        : $"arn:aws:lambda:{options.Region}:{options.Account}:layer:{layer}:{version}";

    public string Region => options.Region;

    public string Account => options.Account;

    public LambdaException NotFound(FunctionName name) => new(LambdaError.FunctionNotFound(Arn(name.Name, name.Qualifier)));
}
