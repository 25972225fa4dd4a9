using System.Text.Json;
using Hearth.ControlPlane.Tests.Support;
using Xunit;

namespace Hearth.ControlPlane.Tests.Adapters;

/// <summary>A request may be 67 MiB long; what is kept of it may not.</summary>
public class BoundTests
{
    private static readonly string Megabyte = new('x', 1 << 20);

    [Theory]
    [InlineData("PUT", "/2015-03-31/functions/f/configuration", """{"DeadLetterConfig":{"TargetArn":"arn:aws:sqs:us-east-1:000000000000:LONG"}}""", "deadLetterConfig.targetArn")]
    [InlineData("POST", "/2015-03-31/event-source-mappings", """{"FunctionName":"f","EventSourceArn":"arn:aws:sqs:us-east-1:000000000000:LONG"}""", "eventSourceArn")]
    [InlineData("POST", "/2020-04-22/code-signing-configs", """{"AllowedPublishers":{"SigningProfileVersionArns":["arn:aws:signer:us-east-1:000000000000:LONG"]}}""", "allowedPublishers.signingProfileVersionArns")]
    [InlineData("POST", "/2015-03-31/functions/f/policy", """{"StatementId":"s","Action":"lambda:InvokeFunction","Principal":"LONG"}""", "principal")]
    public async Task TextsWithoutABoundInTheModelHaveOne(string method, string path, string body, string member)
    {
        await using TestServer server = await StartAsync();
        (int status, JsonElement json) = await server.SendAsync(method, path, body.Replace("LONG", Megabyte, StringComparison.Ordinal));
        Assert.Equal(400, status);
        Assert.Contains($"at '{member}' failed to satisfy constraint: ", json.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Contains("Member must have length less than or equal to 2048", json.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task MembersThatTheModelDoesNotKnowAreNotKept()
    {
        await using TestServer server = await StartAsync();
        string unknown = $$$"""{"MaxAge":1,"{{{Megabyte}}}":["{{{Megabyte}}}"],"Unknown":{"a":"{{{Megabyte}}}"}}""";
        JsonElement url = await server.DoAsync("POST", "/2021-10-31/functions/f/url", $$"""{"AuthType":"NONE","Cors":{{unknown}}}""");
        Assert.Equal("""{"MaxAge":1}""", url.GetProperty("Cors").GetRawText());
        JsonElement mapping = await server.DoAsync(
            "POST", "/2015-03-31/event-source-mappings", $$$"""{"FunctionName":"f","EventSourceArn":"arn:aws:sqs:us-east-1:000000000000:q","FilterCriteria":{"Filters":[{"Pattern":"{}","Unknown":"{{{Megabyte}}}"}]},"ScalingConfig":{"MaximumConcurrency":2,"Unknown":"{{{Megabyte}}}"}}""");
        Assert.InRange(mapping.GetRawText().Length, 1, 2_000);
        Assert.Equal("""{"MaximumConcurrency":2}""", mapping.GetProperty("ScalingConfig").GetRawText());
    }

    private static async Task<TestServer> StartAsync()
    {
        TestServer server = await TestServer.StartAsync();
        await server.DoAsync(
            "POST", "/2015-03-31/functions", $$$"""{"FunctionName":"f","Runtime":"python3.12","Handler":"a.b","Role":"arn:aws:iam::000000000000:role/r","Code":{"ZipFile":"{{{Convert.ToBase64String(Zips.Good())}}}"}}""");
        return server;
    }
}
