using System.Net.Http.Headers;
using Hearth.Agent.Tests.Fakes;
using Xunit;

namespace Hearth.Agent.Tests.Ingress;

public sealed class BadInputTests
{
    [Fact]
    public async Task Each_gets_Lambdas_error_and_starts_nothing()
    {
        await using var node = await TestNode.StartAsync();
        await node.DeployAsync("f", "def handler(event, context):\n    return 1\n");
        (string Function, string Body, (string, string)[] Headers, int Status, string Type, string Says)[] table =
        [
            ("nobody", "{}", [], 404, "ResourceNotFoundException", "Function not found: arn:aws:lambda:us-east-1:000000000000:function:nobody"),
            ("f:7", "{}", [], 404, "ResourceNotFoundException", "function:f:7"),
            ("f?Qualifier=9", "{}", [], 404, "ResourceNotFoundException", "function:f:9"),
            ("f:1?Qualifier=2", "{}", [], 400, "InvalidParameterValueException", "derived qualifier"),
            ("f?Qualifier=%2A", "{}", [], 400, "ValidationException", "qualifier"),
            ("a.b", "{}", [], 400, "ValidationException", "functionName"),
            (new string('n', 65), "{}", [], 400, "ValidationException", "functionName"),
            ("f%0a", "{}", [], 400, "ValidationException", "functionName"),
            ("arn:aws:lambda:eu-west-1:000000000000:function:f", "{}", [], 404, "ResourceNotFoundException", "not reachable in this region"),
            ("arn:aws:lambda:us-east-1:111111111111:function:f", "{}", [], 404, "ResourceNotFoundException", "111111111111"),
            ("f", "{", [], 400, "InvalidRequestContentException", "Could not parse request body into json: "),
            ("f", "hello", [], 400, "InvalidRequestContentException", "Could not parse request body into json: "),
            ("f", "{} {}", [], 400, "InvalidRequestContentException", "Could not parse request body into json: "),
            ("f", "NaN", [], 400, "InvalidRequestContentException", "Could not parse request body into json: "),
            ("f", new string('[', 5000), [], 400, "InvalidRequestContentException", "Could not parse request body into json: "),
            ("f", "{}", [("X-Amz-Invocation-Type", "Maybe")], 400, "ValidationException", "invocationType"),
            ("f", "{}", [("X-Amz-Log-Type", "All")], 400, "ValidationException", "logType"),
            ("f", "{}", [("X-Amz-Client-Context", "!!!")], 400, "InvalidRequestContentException", "Base64"),
            ("f", "{}", [("X-Amz-Client-Context", Convert.ToBase64String("[]"u8))], 400, "InvalidRequestContentException", "JSON object"),
            ("f", "{}", [("X-Amz-Client-Context", new string('A', 3584))], 400, "InvalidRequestContentException", "3583"),
            ("f", "{", [("X-Amz-Invocation-Type", "Event")], 400, "InvalidRequestContentException", "Could not parse request body into json: "),
        ];
        foreach (var (function, body, headers, status, type, says) in table)
        {
            var answer = await Send(node, function, body, headers);
            Assert.Equal((function, status, type), (function, answer.Status, answer.ErrorType));
            Assert.Contains(says, answer.Text);
            Assert.NotNull(answer.RequestId);
        }
        await node.Control.StopAsync();
        await Eventually.True(() => !node.Control.IsConnected);
        Answer away;
        do
        {
            // The stream of events ends by itself: the first may still have been on it, and hear that nobody knows.
            away = await Send(node, "f", "{}", [("X-Amz-Invocation-Type", "Event")]);
            Assert.Equal((503, "ServiceException"), (away.Status, away.ErrorType));
        }
        while (!away.Text.Contains("control plane is away", StringComparison.Ordinal));
        Assert.Empty(node.Spawner.All);
    }

    [Fact]
    public async Task What_is_odd_but_right_is_served()
    {
        await using var node = await TestNode.StartAsync();
        await node.DeployAsync("f", "def handler(event, context):\n    return event\n");
        (string Function, string Body, (string, string)[] Headers)[] table =
        [
            ("f:$LATEST", "1", []), ("f?Qualifier=%24LATEST", "null", []), ("function:f", "\"é\"", []), ("000000000000:function:f", "[]", []),
            ("arn:aws:lambda:us-east-1:000000000000:function:f", "{}", []), ("f", " 1 ", []), ("f", "{}", [("X-Amz-Log-Type", "None")]),
        ];
        foreach (var (function, body, headers) in table)
            Assert.Equal((function, 200), (function, (await Send(node, function, body, headers)).Status));
        var dry = await node.InvokeAsync("f", "{}", ("X-Amz-Invocation-Type", "DryRun"));
        Assert.Equal((204, 0), (dry.Status, dry.Bytes.Length));
    }

    [Fact]
    public async Task Code_that_cannot_be_unpacked_is_reported_and_answered()
    {
        await using var node = await TestNode.StartAsync();
        var spec = await node.DeployAsync("f", "def handler(event, context):\n    return 1\n");
        var broken = spec.Clone();
        broken.FunctionName = "broken";
        broken.RevisionId = "broken-1";
        broken.CodeSha256Hex = node.Control.PutCode("this is not a zip"u8.ToArray());
        node.Control.Put(broken);
        await Eventually.True(() => node.Control.Ready.Any(r => r.RevisionId == "broken-1"));
        Assert.Contains("Could not unzip", node.Control.Ready.Single(r => r.RevisionId == "broken-1").Error);
        var answer = await node.InvokeAsync("broken");
        Assert.Equal((502, "InvalidZipFileException"), (answer.Status, answer.ErrorType));
        Assert.Empty(Directory.GetFileSystemEntries(Path.Join(node.Data, "code", ".staging")));
    }

    private static async Task<Answer> Send(TestNode node, string function, string body, (string, string)[] headers)
    {
        var path = function.Split('?');
        using var content = new StringContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/2015-03-31/functions/{path[0]}/invocations{(path.Length > 1 ? "?" + path[1] : "")}") { Content = content };
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        using var response = await node.Http.SendAsync(request, TestContext.Current.CancellationToken);
        return new Answer(
            (int)response.StatusCode, await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken), null,
            response.Headers.TryGetValues("x-amzn-ErrorType", out var type) ? type.First() : null,
            response.Headers.TryGetValues("x-amzn-RequestId", out var id) ? id.First() : null, null, null);
    }
}
