using System.Text.Json;
using Hearth.Contracts.V1;
using Hearth.ControlPlane.Tests.Support;
using Xunit;
using Kind = Hearth.Contracts.V1.ControlMessage.BodyOneofCase;

namespace Hearth.ControlPlane.Tests.Agents;

/// <summary>Provisioned concurrency as agents hear of it, and as they report on it.</summary>
public sealed class ProvisionedTests
{
    [Fact]
    public async Task AgentsAreToldWhatToKeepAndSayHowFarTheyAre()
    {
        const string Path = "/2019-09-30/functions/f/provisioned-concurrency?Qualifier=live";
        await using TestServer server = await TestServer.StartAsync();
        await using FakeAgent agent = await FakeAgent.ConnectAsync(server);
        await server.DoAsync("POST", "/2015-03-31/functions", $$"""{"FunctionName":"f","Role":"arn:aws:iam::000000000000:role/r","Code":{"ZipFile":"{{Convert.ToBase64String(Zips.Good())}}"},"Runtime":"python3.12","Handler":"app.handler","Publish":true}""");
        await server.DoAsync("POST", "/2015-03-31/functions/f/aliases", """{"Name":"live","FunctionVersion":"1"}""");
        JsonElement put = await server.DoAsync("PUT", Path, """{"ProvisionedConcurrentExecutions":3}""");
        Assert.Equal(("IN_PROGRESS", 0), (put.GetProperty("Status").GetString(), put.GetProperty("AllocatedProvisionedConcurrentExecutions").GetInt32()));
        FunctionSet told;
        do
            told = (await agent.NextAsync(Kind.Upsert)).Upsert;
        while (told.Versions.All(v => v.ProvisionedConcurrency == 0));
        Assert.Equal([("$LATEST", 0), ("1", 3)], told.Versions.Select(v => (v.Version, v.ProvisionedConcurrency)));

        await ReportAsync(available: 2, failed: true, "FAILED");
        Assert.Equal("FUNCTION_ERROR_INIT_FAILURE", (await server.DoAsync("GET", Path)).GetProperty("StatusReason").GetString());
        await ReportAsync(available: 3, failed: false, "READY");
        await server.DoAsync("DELETE", Path);
        do
            told = (await agent.NextAsync(Kind.Upsert)).Upsert;
        while (told.Versions.Any(v => v.ProvisionedConcurrency != 0));

        async Task ReportAsync(int available, bool failed, string status)
        {
            var state = new ProvisionedState { FunctionName = "f", Version = "1", Allocated = 3, Available = available, Failed = failed };
            await agent.SendAsync(new AgentMessage { Capacity = new Capacity { Provisioned = { state } } });
            JsonElement found = default;
            await Eventually.TrueAsync(async () => (found = await server.DoAsync("GET", Path)).GetProperty("Status").GetString() == status, () => found.GetRawText());
            Assert.Equal((status, available, 3), (found.GetProperty("Status").GetString(), found.GetProperty("AvailableProvisionedConcurrentExecutions").GetInt32(), found.GetProperty("AllocatedProvisionedConcurrentExecutions").GetInt32()));
        }
    }
}
