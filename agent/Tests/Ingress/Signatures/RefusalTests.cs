using Hearth.Agent.Ingress.Signatures;
using Hearth.Contracts.V1;
using Xunit;

namespace Hearth.Agent.Tests.Ingress.Signatures;

/// <summary>What is not signed, or not rightly, gets AWS's code and words.</summary>
public sealed class RefusalTests
{
    private const string Good = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/lambda/aws4_request, SignedHeaders=host;x-amz-date, Signature=";

    [Theory]
    [InlineData(null, "MissingAuthenticationTokenException", "Missing Authentication Token")]
    [InlineData("", "MissingAuthenticationTokenException", "Missing Authentication Token")]
    [InlineData("Basic dXNlcjpwYXNz", "IncompleteSignatureException", "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter.")]
    [InlineData("AWS4-HMAC-SHA256", "IncompleteSignatureException", "requires 'Credential'")]
    [InlineData("AWS4-HMAC-SHA512 Credential=a", "IncompleteSignatureException", "Unsupported AWS 'algorithm': 'AWS4-HMAC-SHA512'.")]
    [InlineData("AWS4-HMAC-SHA256 Credential", "IncompleteSignatureException", "'Credential' not a valid key=value pair")]
    [InlineData("AWS4-HMAC-SHA256 Credential=a,Credential=b", "IncompleteSignatureException", "twice")]
    [InlineData("AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=x", "IncompleteSignatureException", "exactly 5 slash-delimited elements")]
    [InlineData("AWS4-HMAC-SHA256 Credential=a/b/c/d/e/f, SignedHeaders=host, Signature=x", "IncompleteSignatureException", "exactly 5 slash-delimited elements")]
    [InlineData("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/lambda/aws5_request, SignedHeaders=host, Signature=x", "InvalidSignatureException", "valid terminator: 'aws4_request', not 'aws5_request'")]
    [InlineData("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150831/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature=x", "InvalidSignatureException", "'20150831' != '20150830', from '20150830T123600Z'")]
    [InlineData("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830//lambda/aws4_request, SignedHeaders=host, Signature=x", "InvalidSignatureException", "valid region and service")]
    [InlineData("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/lambda/aws4_request, SignedHeaders=host;a;a, Signature=x", "IncompleteSignatureException", "name each header once")]
    [InlineData("AWS4-HMAC-SHA256 Credential=NOBODY/20150830/us-east-1/lambda/aws4_request, SignedHeaders=host;x-amz-date, Signature=x", "UnrecognizedClientException", "The security token included in the request is invalid.")]
    [InlineData("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/lambda/aws4_request, SignedHeaders=x-amz-date, Signature=x", "InvalidSignatureException", "'Host' or ':authority' must be a 'SignedHeader'")]
    [InlineData("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature=x", "InvalidSignatureException", "not signed: x-amz-date")]
    [InlineData(Good + "x", "InvalidSignatureException", "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.")]
    [InlineData(Good + "zz00000000000000000000000000000000000000000000000000000000000000", "InvalidSignatureException", "does not match")]
    [InlineData(Good + "0000000000000000000000000000000000000000000000000000000000000000", "InvalidSignatureException", "The Canonical String for this request should have been\n'POST\n/2015-03-31/functions/f/invocations\n\nhost:example.amazonaws.com\nx-amz-date:20150830T123600Z\n\nhost;x-amz-date\ne3b0c442")]
    public void In_the_header(string? authorization, string code, string says)
    {
        var refusal = Requests.Signatures().Check(Requests.Make("POST", "/2015-03-31/functions/f/invocations", "", authorization)).Refusal;
        Assert.Equal((403, code), (refusal?.Status, refusal?.Code));
        Assert.Contains(says, refusal!.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Requests.Secret, refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("20150830T124059Z", null)]
    [InlineData("20150830T124101Z", "Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z (20150830T124101Z - 5 min.)")]
    [InlineData("20150830T123101Z", null)]
    [InlineData("20150830T123059Z", "Signature not yet current: 20150830T123600Z is still later than 20150830T123559Z (20150830T123059Z + 5 min.)")]
    public void Clocks_may_differ_by_five_minutes(string now, string? says)
    {
        var at = DateTimeOffset.ParseExact(now, "yyyyMMdd'T'HHmmss'Z'", null, System.Globalization.DateTimeStyles.AssumeUniversal);
        var refusal = Requests.Signatures(at).Check(Requests.Make("POST", "/f").Sign()).Refusal;
        Assert.Equal(says, refusal?.Message);
        Assert.Equal(says is null ? null : "InvalidSignatureException", refusal?.Code);
    }

    [Theory]
    [InlineData("X-Amz-Date:2015-08-30", "IncompleteSignatureException")]
    [InlineData("X-Amz-Security-Token:t", "UnrecognizedClientException")]
    [InlineData("X-Amz-Content-Sha256:STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "InvalidRequestContentException")]
    [InlineData("X-Amz-Content-Sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", null)]
    [InlineData("X-Amz-Content-Sha256:0000000000000000000000000000000000000000000000000000000000000000", "InvalidSignatureException")]
    [InlineData("X-Amz-Content-Sha256:UNSIGNED-PAYLOAD", null)]
    public void Headers_that_decide(string header, string? code)
    {
        var parts = header.Split(':');
        var request = Requests.Make("POST", "/f");
        request.Headers[parts[0]] = parts[1];
        request.Sign(time: parts[0] == "X-Amz-Date" ? parts[1] : Requests.Time);
        Assert.Equal(code, Requests.Signatures().Check(request).Refusal?.Code);
    }

    [Fact]
    public void A_body_that_is_not_signed_may_be_any_and_one_that_is_may_not()
    {
        var unsigned = Requests.Make("POST", "/f", "X-Amz-Content-Sha256:UNSIGNED-PAYLOAD").Sign();
        Assert.Null(Requests.Signatures().Check(unsigned, "anything").Refusal);
        var signed = Requests.Make("POST", "/f").Sign("this");
        Assert.Null(Requests.Signatures().Check(signed, "this").Refusal);
        Assert.NotNull(Requests.Signatures().Check(signed, "that").Refusal);
    }

    [Fact]
    public void A_header_added_on_the_way_is_noticed_when_it_means_something()
    {
        var request = Requests.Make("POST", "/f").Sign();
        request.Headers["User-Agent"] = "proxy";
        Assert.Null(Requests.Signatures().Check(request).Refusal);
        request.Headers["X-Amz-Invocation-Type"] = "Event";
        Assert.Contains("x-amz-invocation-type", Requests.Signatures().Check(request).Refusal!.Message);
    }

    [Fact]
    public void A_disabled_key_is_as_one_that_is_not_and_leaves_no_local_mode()
    {
        var signatures = Requests.Signatures(null, new AccessKey { KeyId = Requests.KeyId, Secret = Requests.Secret, Role = AccessRole.Admin, Name = "example", Disabled = true });
        Assert.Equal("UnrecognizedClientException", signatures.Check(Requests.Make("POST", "/f").Sign()).Refusal?.Code);
        Assert.Equal("MissingAuthenticationTokenException", signatures.Check(Requests.Make("POST", "/f")).Refusal?.Code);
        Assert.False(signatures.Ring!.IsEmpty);
    }

    [Fact]
    public void One_key_does_not_sign_for_another()
    {
        AccessKey[] keys =
        [
            new AccessKey { KeyId = Requests.KeyId, Secret = Requests.Secret, Role = AccessRole.Admin, Name = "example" },
            new AccessKey { KeyId = "AKIDOTHER", Secret = "other", Role = AccessRole.Invoke, Name = "other" },
        ];
        var signatures = Requests.Signatures(null, keys);
        Assert.Equal("arn:aws:iam::000000000000:user/other", signatures.Check(Requests.Make("POST", "/f").Sign(keyId: "AKIDOTHER", secret: "other")).Principal!.UserArn);
        Assert.Equal("InvalidSignatureException", signatures.Check(Requests.Make("POST", "/f").Sign(secret: "other")).Refusal?.Code);
    }

    [Fact]
    public void A_signature_of_another_service_or_day_is_not_confused_with_one_that_was_kept()
    {
        var signatures = Requests.Signatures();
        for (var i = 0; i < 100; i++)
            Assert.Null(signatures.Check(Requests.Make("POST", "/f").Sign(service: $"service{i}")).Refusal);
        var request = Requests.Make("POST", "/f").Sign(service: "service1");
        request.Headers.Authorization = request.Headers.Authorization.ToString().Replace("/service1/", "/service2/", StringComparison.Ordinal);
        Assert.Equal("InvalidSignatureException", signatures.Check(request).Refusal?.Code);
    }

    [Fact]
    public void Without_keys_a_readable_signature_is_the_accounts_and_none_is_nobodys()
    {
        var account = new Hearth.Agent.Functions.Account();
        var signatures = new RequestSignatures(account, TimeProvider.System);
        Assert.Equal(503, signatures.Check(Requests.Make("POST", "/f").Sign()).Refusal?.Status);
        account.Replace(null);
        Assert.Equal("arn:aws:iam::000000000000:root", signatures.Check(Requests.Make("POST", "/f").Sign(keyId: "whoever")).Principal!.UserArn);
        Assert.Equal("MissingAuthenticationTokenException", signatures.Check(Requests.Make("POST", "/f")).Refusal?.Code);
        var local = Requests.Make("POST", "/f");
        local.Headers.Host = "localhost";
        Assert.Null(signatures.Begin(local));
        Assert.Equal("AccessDeniedException", Assert.Throws<Hearth.Contracts.LambdaException>(() => signatures.Begin(Requests.Make("POST", "/f"))).Error.Code);
    }
}
