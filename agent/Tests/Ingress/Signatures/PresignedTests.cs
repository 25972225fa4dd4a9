using Xunit;

namespace Hearth.Agent.Tests.Ingress.Signatures;

/// <summary>Signatures in the query.</summary>
public sealed class PresignedTests
{
    // By botocore 1.29 (SigV4QueryAuth) for GET /2015-03-31/functions?MaxItems=5 of http://example.amazonaws.com at the suite's time.
    private const string Target = "/2015-03-31/functions?MaxItems=5&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20150830%2Fus-east-1%2Flambda%2Faws4_request&X-Amz-Date=20150830T123600Z&X-Amz-Expires=3600&X-Amz-SignedHeaders=host&X-Amz-Signature=4ae62689ad7a10303c653e151c46fbc710bdada474665b108fa537c3de134c9f";

    [Theory]
    [InlineData(0, null)]
    [InlineData(3600, null)]
    [InlineData(3601, "Signature expired: 20150830T133600Z is now earlier than 20150830T133601Z")]
    public void A_link_lives_as_long_as_it_says(int seconds, string? says)
    {
        var signatures = Requests.Signatures(Requests.Now.AddSeconds(seconds));
        Assert.Equal(says, signatures.Check(Link(Target)).Refusal?.Message);
    }

    [Theory]
    [InlineData("MaxItems=5", "MaxItems=6", "InvalidSignatureException")]
    [InlineData("X-Amz-Expires=3600", "X-Amz-Expires=36000", "InvalidSignatureException")]
    [InlineData("X-Amz-Expires=3600", "X-Amz-Expires=604801", "IncompleteSignatureException")]
    [InlineData("X-Amz-Expires=3600", "X-Amz-Expires=-1", "IncompleteSignatureException")]
    [InlineData("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA1", "IncompleteSignatureException")]
    [InlineData("&X-Amz-SignedHeaders=host", "", "IncompleteSignatureException")]
    [InlineData("&X-Amz-Date=20150830T123600Z", "", "IncompleteSignatureException")]
    [InlineData("AKIDEXAMPLE", "AKIDNOBODY", "UnrecognizedClientException")]
    [InlineData("&X-Amz-Signature=", "&X-Amz-Security-Token=t&X-Amz-Signature=", "UnrecognizedClientException")]
    public void What_is_changed_in_it_is_noticed(string from, string to, string code) =>
        Assert.Equal(code, Requests.Signatures().Check(Link(Target.Replace(from, to, StringComparison.Ordinal))).Refusal?.Code);

    [Fact]
    public void The_order_of_parameters_does_not_count()
    {
        var parts = Target[(Target.IndexOf('?', StringComparison.Ordinal) + 1)..].Split('&');
        Array.Reverse(parts);
        Assert.Null(Requests.Signatures().Check(Link("/2015-03-31/functions?" + string.Join('&', parts))).Refusal);
    }

    private static Microsoft.AspNetCore.Http.HttpRequest Link(string target)
    {
        var request = Requests.Make("GET", target);
        request.Headers.Remove("X-Amz-Date");
        return request;
    }
}
