using System.Text;
using Hearth.Contracts;
using Xunit;

namespace Hearth.ControlPlane.Tests.Contracts;

/// <summary>Bodies as recorded from AWS: the case of "message" and the presence of "Type" differ by error.</summary>
public class LambdaErrorTests
{
    public static TheoryData<LambdaError, int, string> Bodies => new()
    {
        { LambdaError.FunctionNotFound("arn:x"), 404, """{"Type":"User","Message":"Function not found: arn:x"}""" },
        { LambdaError.InvalidParameterValue("it's"), 400, """{"Type":"User","message":"it's"}""" },
        { LambdaError.TooManyRequests("ConcurrentInvocationLimitExceeded"), 429, """{"Reason":"ConcurrentInvocationLimitExceeded","Type":"User","message":"Rate Exceeded."}""" },
        { LambdaError.RequestTooLarge(6291456, "InvokeFunction"), 413, """{"message":"Request must be smaller than 6291456 bytes for the InvokeFunction operation"}""" },
        { LambdaError.Validation("0", "timeout", "Member must x"), 400, """{"message":"1 validation error detected: Value '0' at 'timeout' failed to satisfy constraint: Member must x"}""" },
    };

    [Theory]
    [MemberData(nameof(Bodies), DisableDiscoveryEnumeration = true)]
    public void IsSpelledAsAwsDoes(LambdaError error, int status, string body)
    {
        Assert.Equal(status, error.Status);
        Assert.Equal(body, Encoding.UTF8.GetString(error.ToJson()));
    }
}
