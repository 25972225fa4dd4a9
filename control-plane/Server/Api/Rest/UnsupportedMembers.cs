using Hearth.Contracts;

namespace Hearth.ControlPlane.Api.Rest;

/// <summary>Members whose neglect would change what a function does: refused when they ask for something, rather than silently dropped.</summary>
internal static class UnsupportedMembers
{
    private static readonly string[] Settings = ["VpcConfig", "FileSystemConfigs", "ImageConfig", "KMSKeyArn", "CapacityProviderConfig", "DurableConfig", "TenancyConfig"];

    /// <param name="function">Its name: logs lie in the group of that name.</param>
    /// <param name="runtime">For AWS's words about SnapStart.</param>
    public static void RefuseIn(JsonMembers body, string function, string runtime)
    {
        foreach (string member in Settings)
        {
            if (body.Says(member))
                throw new LambdaException(LambdaError.NotSupported(member));
        }

        if (body.Structure("SnapStart")?.Text("ApplyOn") is "PublishedVersions")
            throw new LambdaException(LambdaError.InvalidParameterValue($"{runtime} is not supported for SnapStart enabled functions."));
        if (body.Structure("LoggingConfig") is { } logging && logging.Text("LogFormat") is "JSON")
            throw new LambdaException(LambdaError.NotSupported("LoggingConfig with LogFormat JSON"));
        if (body.Structure("LoggingConfig")?.Text("LogGroup") is { Length: > 0 } group && group != $"/aws/lambda/{function}")
            throw new LambdaException(LambdaError.NotSupported($"LoggingConfig with a LogGroup other than /aws/lambda/{function}"));
        if (body.Text("PackageType") is "Image")
            throw new LambdaException(LambdaError.NotSupported("PackageType Image"));
    }

    /// <param name="code">The structure that holds ZipFile, S3Bucket or ImageUri.</param>
    public static void RefuseInCode(JsonMembers code)
    {
        if (code.Says("ImageUri"))
            throw new LambdaException(LambdaError.NotSupported("ImageUri (a container image)"));
    }
}
