using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Hearth.ControlPlane.Tests.Support;
using Xunit;

namespace Hearth.ControlPlane.Tests.Adapters;

/// <summary>What only the REST API has: bodies, paths, links to code.</summary>
public class RestTests
{
    private const string Functions = "/2015-03-31/functions";

    [Fact]
    public async Task ARefusedUpdateLeavesNoBlob()
    {
        await using TestServer server = await TestServer.StartAsync();
        string Body(string content, string more) => $$"""{"ZipFile":"{{Convert.ToBase64String(Zips.Good(content))}}"{{more}}}""";
        await server.DoAsync("POST", Functions, $$"""{"FunctionName":"f","Role":"arn:aws:iam::000000000000:role/r","Code":{{Body("one", "")}},"Runtime":"python3.12","Handler":"a.b"}""");
        Assert.Equal(412, (await server.SendAsync("PUT", Functions + "/f/code", Body("two", ""","RevisionId":"00000000-0000-4000-8000-000000000000" """))).Status);
        Assert.Equal(409, (await server.SendAsync("POST", Functions, $$"""{"FunctionName":"f","Role":"arn:aws:iam::000000000000:role/r","Code":{{Body("three", "")}},"Runtime":"python3.12","Handler":"a.b"}""")).Status);
        // The same bytes as what is in use: they stay.
        Assert.Equal(412, (await server.SendAsync("PUT", Functions + "/f/code", Body("one", ""","RevisionId":"00000000-0000-4000-8000-000000000000" """))).Status);
        Assert.Single(Directory.EnumerateFiles(Path.Join(server.Data, "control", "blobs")));
    }

    public static TheoryData<string, string, string> BadBodies => new()
    {
        { "", "SerializationException", "not JSON" },
        { "{", "SerializationException", "not JSON" },
        { "[]", "SerializationException", "Start of structure or map found where not expected." },
        { """{"FunctionName":1}""", "SerializationException", "NUMBER_VALUE can not be converted to a String" },
        { """{"FunctionName":"f","Role":"arn:aws:iam::000000000000:role/r","Code":{},"Timeout":"3"}""", "SerializationException", "STRING_VALUE can not be converted to an Integer" },
        { """{"FunctionName":"f","Role":"arn:aws:iam::000000000000:role/r","Code":{},"Runtime":"python3.12","Handler":"a.b"}""", "InvalidParameterValueException", "Please provide a source for function code." },
        { """{"FunctionName":"f","Role":"arn:aws:iam::000000000000:role/r","Code":{"ZipFile":"!"},"Runtime":"python3.12","Handler":"a.b"}""", "SerializationException", "base64" },
        { """{"FunctionName":"f","Role":"arn:aws:iam::000000000000:role/r","Code":{"S3Bucket":"bucket","S3Key":"k"},"Runtime":"python3.12","Handler":"a.b"}""", "InvalidParameterValueException", "start it with --s3-endpoint URL" },
        { """{"FunctionName":"f","Role":"arn:aws:iam::000000000000:role/r","Code":{"ZipFile":""},"Runtime":"python3.12","Handler":"a.b","Layers":["arn:x"]}""", "ValidationException", "Value '[arn:x]' at 'layers' failed to satisfy constraint: Member must satisfy constraint: [Member must satisfy regular expression pattern: arn:[a-zA-Z0-9-]+:lambda:" },
        // Only who looks a name up again misses the first of two.
        { """{"FunctionName":"f","Role":"arn:aws:iam::000000000000:role/r","Code":{},"Runtime":"python3.12","Handler":"a.b","VpcConfig":{"SubnetIds":["s"],"SubnetIds":null}}""", "NotImplementedException", "VpcConfig" },
        { """{"FunctionName":"f","Role":"arn:aws:iam::000000000000:role/r","Code":{},"Runtime":"python3.12","Handler":"a.b","LoggingConfig":{"LogFormat":"Text","LogGroup":"/other"}}""", "NotImplementedException", "LogGroup other than /aws/lambda/f" },
        { """{"FunctionName":"f","Role":"arn:aws:iam::000000000000:role/r","Code":{},"Runtime":"python3.12","Handler":"a.b","LoggingConfig":{"LogFormat":"Text","LogGroup":"/aws/lambda/f"}}""", "InvalidParameterValueException", "Please provide a source" },
        { """{"FunctionName":"f","Role":"arn:aws:iam::000000000000:role/r","Code":{},"Runtime":"python3.12","Handler":"a.b","VpcConfig":{"SubnetIds":[],"SecurityGroupIds":null,"Ipv6AllowedForDualStack":false}}""", "InvalidParameterValueException", "Please provide a source" },
        { """{"FunctionName":"f","Role":"arn:aws:iam::000000000000:role/r","Code":{},"Runtime":"python","Handler":"a.b"}""", "InvalidParameterValueException", "Value python at 'runtime'" },
        { """{"FunctionName":"f","Role":"arn:aws:iam::000000000000:role/r","Code":{},"Timeout":1e300}""", "ValidationException", "'timeout'" },
        { """{"FunctionName":"\ud800","Role":"r","Code":{}}""", "SerializationException", "surrogate" },
        { "{}", "ValidationException", "3 validation errors detected: Value null at 'functionName'" },
    };

    [Theory]
    [MemberData(nameof(BadBodies))]
    public async Task BadBodyIsRefused(string body, string code, string says)
    {
        await using TestServer server = await TestServer.StartAsync();
        using HttpResponseMessage answer = await server.Rest.PostAsync(Functions, new StringContent(body), TestContext.Current.CancellationToken);
        Assert.Equal(code, answer.Headers.GetValues("x-amzn-ErrorType").Single());
        Assert.Contains(says, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.True(Guid.TryParse(answer.Headers.GetValues("x-amzn-RequestId").Single(), out _));
    }

    [Theory]
    [InlineData("GET", "/2025-12-01/durable-executions/x", 501, "GetDurableExecution is not supported yet")]
    [InlineData("GET", "/2015-03-31/functions/f/aliases", 404, "Function not found: arn:aws:lambda:us-east-1:000000000000:function:f")]
    [InlineData("POST", "/2015-03-31/functions/f/invocations", 503, "No agent is connected")]
    [InlineData("GET", "/", 404, "No operation")]
    [InlineData("GET", "/hearth-code/AAAA", 403, "not valid or has expired")]
    [InlineData("PATCH", "/2015-03-31/functions/f", 404, "No operation")]
    public async Task OtherPathsSayWhatTheyAre(string method, string path, int status, string says)
    {
        await using TestServer server = await TestServer.StartAsync();
        using HttpResponseMessage answer = await server.Rest.SendAsync(new HttpRequestMessage(new HttpMethod(method), path), TestContext.Current.CancellationToken);
        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Contains(says, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task BodyIsBounded(bool lengthIsTold)
    {
        await using TestServer server = await TestServer.StartAsync();
        using var content = new StreamContent(new MemoryStream(new byte[70_167_212]));
        if (!lengthIsTold)
            content.Headers.ContentLength = null;
        using var request = new HttpRequestMessage(HttpMethod.Post, Functions) { Content = content };
        request.Headers.TransferEncodingChunked = !lengthIsTold;
        request.Headers.ExpectContinue = true;
        using HttpResponseMessage answer = await server.Rest.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.StatusCode);
        Assert.Contains("Request must be smaller than 70167211 bytes for the CreateFunction operation",
            await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task LocationServesTheZipUntilItIsReplaced()
    {
        await using TestServer server = await TestServer.StartAsync();
        byte[] zip = Zips.Good();
        await new RestAdapter(server.Rest).CreateAsync(new Settings(), zip);
        JsonElement json = JsonElement.Parse(await server.Rest.GetStringAsync($"{Functions}/f", TestContext.Current.CancellationToken));
        string location = json.GetProperty("Code").GetProperty("Location").GetString()!;

        Assert.Equal("S3", json.GetProperty("Code").GetProperty("RepositoryType").GetString());
        Assert.Equal(zip, await server.Rest.GetByteArrayAsync(location, TestContext.Current.CancellationToken));
        char other = location[^5] == 'A' ? 'B' : 'A';
        using HttpResponseMessage forged = await server.Rest.GetAsync(location[..^5] + other + location[^4..], TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Forbidden, forged.StatusCode);
        await new RestAdapter(server.Rest).DeleteAsync("f", null);
        using HttpResponseMessage gone = await server.Rest.GetAsync(location, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NotFound, gone.StatusCode);
    }

    [Fact]
    public async Task ConfigurationIsUpdatedUnderARevision()
    {
        await using TestServer server = await TestServer.StartAsync();
        Outcome created = await new RestAdapter(server.Rest).CreateAsync(new Settings { Environment = new() { ["AA"] = "1" } }, Zips.Good());

        (int stale, _) = await PutAsync(server, """{"MemorySize":512,"RevisionId":"00000000-0000-0000-0000-000000000000"}""");
        Assert.Equal(412, stale);
        (int status, JsonElement json) = await PutAsync(server, $$$"""{"MemorySize":512,"RevisionId":"{{{created.Revision}}}"}""");
        Assert.Equal((200, 512), (status, json.GetProperty("MemorySize").GetInt32()));
        Assert.Equal("1", json.GetProperty("Environment").GetProperty("Variables").GetProperty("AA").GetString());
        (_, json) = await PutAsync(server, """{"Environment":{"Variables":{}}}""");
        Assert.False(json.TryGetProperty("Environment", out _));
        (status, json) = await PutAsync(server, """{"Timeout":9999}""");
        Assert.Equal(400, status);
    }

    [Theory]
    [InlineData(51, "k", "InvalidParameterValueException", "Number of tags exceeds resource tag limit.")]
    [InlineData(50, "a key of more than 128 letters", "ValidationException", "20 validation errors detected: ")]
    public async Task TagsAreBoundedAndSoIsTheirRefusal(int count, string key, string code, string says)
    {
        await using TestServer server = await TestServer.StartAsync();
        string prefix = key.Length > 1 ? key.PadRight(129, '-') : key;
        string tags = string.Join(',', Enumerable.Range(0, count).Select(i => $"\"{prefix}{i}\":\"\""));
        using var content = new StringContent($$$"""{"FunctionName":"f","Role":"arn:aws:iam::000000000000:role/r","Code":{"ZipFile":"{{{Convert.ToBase64String(Zips.Good())}}}"},"Runtime":"python3.12","Handler":"a.b","Tags":TAGS}""".Replace("TAGS", $"{{{tags}}}", StringComparison.Ordinal));
        using HttpResponseMessage answer = await server.Rest.PostAsync(Functions, content, TestContext.Current.CancellationToken);
        Assert.Equal(code, answer.Headers.GetValues("x-amzn-ErrorType").Single());
        string text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.Contains(says, text, StringComparison.Ordinal);
        Assert.InRange(text.Length, 1, 10_000);
    }

    private static async Task<(int Status, JsonElement Json)> PutAsync(TestServer server, string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, new MediaTypeHeaderValue("application/json"));
        using HttpResponseMessage answer = await server.Rest.PutAsync($"{Functions}/f/configuration", content, TestContext.Current.CancellationToken);
        return ((int)answer.StatusCode, JsonElement.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)));
    }
}
