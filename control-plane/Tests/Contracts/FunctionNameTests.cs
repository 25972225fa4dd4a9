using Hearth.Contracts;
using Xunit;

namespace Hearth.ControlPlane.Tests.Contracts;

public class FunctionNameTests
{
    [Theory]
    [InlineData("f", null, "f", null, null, null)]
    [InlineData("my_func-1", "7", "my_func-1", "7", null, null)]
    [InlineData("f:$LATEST", null, "f", "$LATEST", null, null)]
    [InlineData("f:prod", "prod", "f", "prod", null, null)]
    [InlineData("123456789012:function:f", null, "f", null, null, "123456789012")]
    [InlineData("123456789012:function:f:3", null, "f", "3", null, "123456789012")]
    [InlineData("function:f", null, "f", null, null, null)]
    [InlineData("arn:aws:lambda:eu-west-1:123456789012:function:f", null, "f", null, "eu-west-1", "123456789012")]
    [InlineData("arn:aws-us-gov:lambda:us-gov-west-1:123456789012:function:f:a", null, "f", "a", "us-gov-west-1", "123456789012")]
    public void Parses(string segment, string? qualifier, string name, string? parsedQualifier, string? region, string? account) =>
        Assert.Equal(new FunctionName(name, parsedQualifier, region, account), FunctionName.Parse(segment, qualifier));

    [Theory]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("f\n")]
    [InlineData("f:1:2")]
    [InlineData("f:")]
    [InlineData("../f")]
    [InlineData("f\u0130")]
    [InlineData("arn:aws:s3:us-east-1:123456789012:function:f")]
    [InlineData("a123456789a123456789a123456789a123456789a123456789a123456789a12345")]
    public void Refuses(string segment)
    {
        LambdaError? error = FunctionName.TryParse(segment, null, out _);
        Assert.Equal("ValidationException", error?.Code);
        Assert.Contains("'functionName'", error!.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a.b")]
    [InlineData("a b")]
    public void RefusesQualifier(string qualifier) => Assert.Equal("ValidationException", FunctionName.TryParse("f", qualifier, out _)?.Code);

    [Fact]
    public void TwoQualifiersMustAgree()
    {
        LambdaError? error = FunctionName.TryParse("f:1", "2", out _);
        Assert.Equal("InvalidParameterValueException", error?.Code);
        Assert.Equal("The derived qualifier from the function name does not match the specified qualifier.", error!.Message);
    }

    [Fact]
    public void HugeNamesAreCutInTheAnswer() => Assert.True(FunctionName.TryParse(new string('x', 1 << 20), null, out _)!.Message.Length < 1_000);
}
