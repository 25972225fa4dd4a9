using System.Text.Json;
using Hearth.ControlPlane.Tests.Support;
using Xunit;

namespace Hearth.ControlPlane.Tests.Logs;

/// <summary>What clients put takes so much of the disk and no more, however many groups they make.</summary>
public class LogCapTests
{
    [Fact]
    public async Task BeyondTheCapNothingIsAddedUntilSomethingIsRemoved()
    {
        await using TestServer server = await TestServer.StartAsync(change: o => o with { PutLogsMaxMb = 4 });
        int groups = 0;
        (int Status, JsonElement Json, string?) refusal;
        // 2,000 events of one character each: their names take more of the disk than their texts.
        while (true)
        {
            string group = $"{groups}{new string('g', 200)}";
            refusal = await server.LogsAsync("CreateLogGroup", $$"""{"logGroupName":"{{group}}"}""");
            if (refusal.Status != 200)
                break;
            groups++;
            if ((refusal = await server.LogsAsync("CreateLogStream", $$"""{"logGroupName":"{{group}}","logStreamName":"s"}""")).Status != 200 || (refusal = await PutAsync(server, group, 2_000)).Status != 200)
                break;
            Assert.True(groups < 40, "four megabytes hold more than forty times 2,000 events with names of 200 characters");
        }

        Assert.True(refusal.Json.Code() is "LimitExceededException" or "ServiceUnavailableException");
        string first = $"0{new string('g', 200)}";
        (int status, JsonElement json, _) = await PutAsync(server, first, 1);
        Assert.Equal((503, "ServiceUnavailableException"), (status, json.Code()));
        Assert.Contains("--put-logs-max-mb", json.Message(), StringComparison.Ordinal);
        (status, json, _) = await server.LogsAsync("CreateLogStream", $$"""{"logGroupName":"{{first}}","logStreamName":"t"}""");
        Assert.Equal((503, "ServiceUnavailableException"), (status, json.Code()));
        (status, json, _) = await server.LogsAsync("CreateLogGroup", """{"logGroupName":"another"}""");
        Assert.Equal((400, "LimitExceededException"), (status, json.Code()));
        // What is there can be read, and room that is made can be used.
        Assert.Equal(200, (await server.LogsAsync("FilterLogEvents", $$"""{"logGroupName":"{{first}}"}""")).Status);
        Assert.Equal(200, (await server.LogsAsync("DeleteLogGroup", $$"""{"logGroupName":"1{{new string('g', 200)}}"}""")).Status);
        Assert.Equal(200, (await PutAsync(server, first, 1)).Status);
        Assert.InRange(new FileInfo(Path.Join(server.Data, "control", "logs.db")).Length, 3 << 20, 6 << 20);
    }

    private static Task<(int Status, JsonElement Json, string? Incomplete)> PutAsync(TestServer server, string group, int count)
    {
        long now = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        string events = string.Join(',', Enumerable.Repeat($$"""{"timestamp":{{now}},"message":"x"}""", count));
        return server.LogsAsync("PutLogEvents", $$"""{"logGroupName":"{{group}}","logStreamName":"s","logEvents":[{{events}}]}""");
    }
}
