namespace Hearth.Contracts;

/// <summary>Builds Lambda's ARNs: <c>arn:aws:lambda:REGION:ACCOUNT:function:NAME[:QUALIFIER]</c>.</summary>
public static class FunctionArn
{
    public static string Of(string region, string account, string name, string? qualifier = null) => qualifier is null
        ? $"arn:aws:lambda:{region}:{account}:function:{name}"
        : $"arn:aws:lambda:{region}:{account}:function:{name}:{qualifier}";

    /// <summary>The qualified form of an unqualified ARN.</summary>
    public static string Qualify(string arn, string? qualifier) => qualifier is null ? arn : $"{arn}:{qualifier}";
}
