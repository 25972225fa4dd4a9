using System.Security.Cryptography;
using System.Text.Json;
using Hearth.Contracts.V1;
using Hearth.ControlPlane.Tests.Support;
using Microsoft.Data.Sqlite;
using Xunit;
using Kind = Hearth.Contracts.V1.ControlMessage.BodyOneofCase;

namespace Hearth.ControlPlane.Tests.Functions;

/// <summary>What lies under a function's name: it is kept, told to agents, and its zips stay exactly as long as something names them.</summary>
public class EntryTests
{
    private const string Functions = "/2015-03-31/functions";
    private const string Queue = "arn:aws:sqs:us-east-1:000000000000:q";

    [Fact]
    public async Task EverythingSurvivesARestart()
    {
        await using TestServer server = await TestServer.StartAsync();
        await CreateAsync(server, Zips.Good("1"));
        string layer = await LayerAsync(server, Zips.Good("layer"));
        await server.DoAsync("PUT", $"{Functions}/f/configuration", $$$"""{"Layers":["{{{layer}}}"],"DeadLetterConfig":{"TargetArn":"{{{Queue}}}"},"TracingConfig":{"Mode":"Active"}}""");
        await server.DoAsync("POST", $"{Functions}/f/versions");
        await server.DoAsync("PUT", $"{Functions}/f/configuration", """{"Timeout":9}""");
        await server.DoAsync("POST", $"{Functions}/f/versions", """{"Description":"second"}""");
        await server.DoAsync("POST", $"{Functions}/f/aliases", """{"Name":"live","FunctionVersion":"1","RoutingConfig":{"AdditionalVersionWeights":{"2":0.125}}}""");
        await server.DoAsync("POST", $"{Functions}/f/policy?Qualifier=live", """{"StatementId":"s","Action":"lambda:InvokeFunction","Principal":"*"}""");
        await server.DoAsync("PUT", "/2017-10-31/functions/f/concurrency", """{"ReservedConcurrentExecutions":7}""");
        await server.DoAsync("PUT", "/2019-09-30/functions/f/provisioned-concurrency?Qualifier=live", """{"ProvisionedConcurrentExecutions":2}""");
        await server.DoAsync("PUT", "/2019-09-25/functions/f/event-invoke-config", """{"MaximumRetryAttempts":1}""");
        await server.DoAsync("POST", "/2021-10-31/functions/f/url", """{"AuthType":"NONE","Cors":{"AllowOrigins":["*"]}}""");
        await server.DoAsync("PUT", "/2021-07-20/functions/f/runtime-management-config", """{"UpdateRuntimeOn":"FunctionUpdate"}""");
        await server.DoAsync("PUT", "/2024-08-31/functions/f/recursion-config", """{"RecursiveLoop":"Allow"}""");
        await server.DoAsync("POST", "/2018-10-31/layers/l/versions/1/policy", """{"StatementId":"s","Action":"lambda:GetLayerVersion","Principal":"*"}""");
        JsonElement mapping = await server.DoAsync("POST", "/2015-03-31/event-source-mappings", $$"""{"FunctionName":"f:live","EventSourceArn":"{{Queue}}","BatchSize":3}""");
        JsonElement signing = await server.DoAsync("POST", "/2020-04-22/code-signing-configs", """{"AllowedPublishers":{"SigningProfileVersionArns":["arn:aws:signer:us-east-1:000000000000:/signing-profiles/p/v"]}}""");
        await server.DoAsync("PUT", "/2020-06-30/functions/f/code-signing-config", $$"""{"CodeSigningConfigArn":"{{signing.GetProperty("CodeSigningConfig").GetProperty("CodeSigningConfigArn").GetString()}}"}""");
        string[] paths =
        [
            $"{Functions}/f/versions", $"{Functions}/f/aliases", $"{Functions}/f/policy?Qualifier=live", $"{Functions}/f/configuration", "/2019-09-30/functions/f/concurrency",
            "/2019-09-30/functions/f/provisioned-concurrency?List=ALL", "/2019-09-25/functions/f/event-invoke-config", "/2021-10-31/functions/f/urls",
            "/2021-07-20/functions/f/runtime-management-config", "/2024-08-31/functions/f/recursion-config", "/2018-10-31/layers", "/2018-10-31/layers/l/versions/1/policy",
            $"/2015-03-31/event-source-mappings/{mapping.GetProperty("UUID").GetString()}", "/2020-04-22/code-signing-configs", "/2020-06-30/functions/f/code-signing-config", "/2016-08-19/account-settings",
        ];
        var before = new List<string>();
        foreach (string path in paths)
            before.Add((await server.DoAsync("GET", path)).GetRawText());

        await server.RestartAsync();

        for (int i = 0; i < paths.Length; i++)
            Assert.Equal(before[i], (await server.DoAsync("GET", paths[i])).GetRawText());
        // Numbers go on where they were, also when the last version is gone.
        await server.DoAsync("DELETE", $"{Functions}/f/aliases/live");
        await server.DoAsync("DELETE", $"{Functions}/f?Qualifier=2");
        await server.DoAsync("PUT", $"{Functions}/f/configuration", """{"Timeout":10}""");
        await server.RestartAsync();
        Assert.Equal("3", (await server.DoAsync("POST", $"{Functions}/f/versions")).GetProperty("Version").GetString());
        await server.DoAsync("DELETE", $"{Functions}/f");
        foreach (string table in new[] { "functions", "function_versions", "function_aliases", "function_policies", "provisioned_concurrency", "event_invoke_configs", "function_urls", "runtime_management" })
            Assert.Equal(0, Count(server, table));
    }

    [Fact]
    public async Task ZipsStayAsLongAsSomethingNamesThem()
    {
        await using TestServer server = await TestServer.StartAsync();
        byte[] first = Zips.Good("1"), second = Zips.Good("2"), layerZip = Zips.Good("layer");
        await CreateAsync(server, first);
        await server.DoAsync("POST", $"{Functions}/f/versions");
        await server.DoAsync("PUT", $"{Functions}/f/code", $$"""{"ZipFile":"{{Convert.ToBase64String(second)}}"}""");
        AssertBlobs(server, first, second);
        await server.DoAsync("DELETE", $"{Functions}/f?Qualifier=1");
        AssertBlobs(server, second);

        string layer = await LayerAsync(server, layerZip);
        await server.DoAsync("PUT", $"{Functions}/f/configuration", $$"""{"Layers":["{{layer}}"]}""");
        await server.DoAsync("DELETE", "/2018-10-31/layers/l/versions/1");
        await server.RestartAsync();
        AssertBlobs(server, second, layerZip);
        await server.DoAsync("PUT", $"{Functions}/f/configuration", """{"Layers":[]}""");
        AssertBlobs(server, second);
        await LayerAsync(server, layerZip);
        await server.DoAsync("DELETE", $"{Functions}/f");
        AssertBlobs(server, layerZip);
        await server.DoAsync("DELETE", "/2018-10-31/layers/l/versions/2");
        AssertBlobs(server);
    }

    [Fact]
    public async Task AgentsHearVersionsAliasesLayersAndReservations()
    {
        await using TestServer server = await TestServer.StartAsync();
        await CreateAsync(server, Zips.Good("1"));
        string layer = await LayerAsync(server, Zips.Good("layer"));
        await server.DoAsync("PUT", $"{Functions}/f/configuration", $$"""{"Layers":["{{layer}}"]}""");
        JsonElement pending = await server.DoAsync("POST", $"{Functions}/f/versions");
        Assert.Equal("Pending", pending.GetProperty("State").GetString());
        await server.DoAsync("POST", $"{Functions}/f/aliases", """{"Name":"live","FunctionVersion":"1"}""");
        await using FakeAgent agent = await FakeAgent.ConnectAsync(server);

        Snapshot snapshot = (await agent.NextAsync(Kind.Snapshot)).Snapshot;
        Assert.Equal(["$LATEST", "1"], snapshot.Functions.Select(f => f.Version));
        Assert.All(snapshot.Functions, f => Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(Zips.Good("layer"))), Assert.Single(f.LayerSha256Hex)));
        Assert.Equal(("f", "live", "1", ""), Assert.Single(snapshot.Aliases) is var a ? (a.FunctionName, a.Name, a.FunctionVersion, a.AdditionalVersion) : default);

        // Each version has its own state.
        await agent.ReadyAsync("f", snapshot.Functions[1].RevisionId);
        FunctionSet set = (await agent.NextAsync(Kind.Upsert)).Upsert;
        Assert.Equal("Active", (await server.DoAsync("GET", $"{Functions}/f:1/configuration")).GetProperty("State").GetString());
        Assert.Equal("Pending", (await server.DoAsync("GET", $"{Functions}/f/configuration")).GetProperty("State").GetString());
        await server.DoAsync("PUT", "/2017-10-31/functions/f/concurrency", """{"ReservedConcurrentExecutions":0}""");
        set = (await agent.NextAsync(Kind.Upsert)).Upsert;
        Assert.All(set.Versions, f => Assert.Equal(0, f.ReservedConcurrency));
        Assert.Equal(snapshot.Functions.Select(f => f.RevisionId), set.Versions.Select(f => f.RevisionId));

        // A version of code that runs already is ready at once.
        await agent.ReadyAsync("f", snapshot.Functions[0].RevisionId);
        await agent.NextAsync(Kind.Upsert);
        await server.DoAsync("PUT", "/2017-10-31/functions/f/concurrency", """{"ReservedConcurrentExecutions":5}""");
        await server.DoAsync("DELETE", $"{Functions}/f/aliases/live");
        await server.DoAsync("DELETE", $"{Functions}/f?Qualifier=1");
        Assert.Equal("Active", (await server.DoAsync("POST", $"{Functions}/f/versions")).GetProperty("State").GetString());
    }

    [Fact]
    public async Task WhoMakesAChangeIsAnsweredWhenAgentsHaveIt()
    {
        await using TestServer server = await TestServer.StartAsync();
        await CreateAsync(server, Zips.Good("1"));
        await server.DoAsync("POST", $"{Functions}/f/versions");
        await using FakeAgent agent = await FakeAgent.ConnectAsync(server);
        await agent.NextAsync(Kind.Mark);
        Task<JsonElement> creating = server.DoAsync("POST", $"{Functions}/f/aliases", """{"Name":"live","FunctionVersion":"1"}""");
        await agent.NextAsync(Kind.Upsert);
        Mark mark = (await agent.NextAsync(Kind.Mark)).Mark;
        Assert.True(mark.Change > 0);
        await creating;

        // One that says nothing holds nobody up for long.
        agent.AnswersMarks = false;
        await server.DoAsync("DELETE", $"{Functions}/f/aliases/live");
        await agent.NextAsync(Kind.Upsert);
    }

    [Fact]
    public async Task ADatabaseOfTheFirstSchemaIsTakenOver()
    {
        await using TestServer server = await TestServer.StartAsync();
        await CreateAsync(server, Zips.Good("1"));
        await server.StopAsync();
        // As the first version left it: without what later steps have added.
        using (var connection = new SqliteConnection($"Data Source={Path.Join(server.Data, "control", "hearth.db")};Pooling=False"))
        {
            connection.Open();
            foreach (string table in new[] { "function_versions", "function_aliases", "function_policies", "provisioned_concurrency", "event_invoke_configs", "function_urls", "runtime_management", "event_source_mappings", "layers", "layer_versions", "code_signing_configs", "access_keys", "iam_roles", "iam_policies", "routes" })
                Execute(connection, $"DROP TABLE {table}");
            foreach (string column in new[] { "unzipped_size", "layers", "dead_letter_target", "tracing_mode", "published_from", "next_version", "reserved_concurrency", "code_signing_config_arn", "recursive_loop" })
                Execute(connection, $"ALTER TABLE functions DROP COLUMN {column}");
            Execute(connection, "DELETE FROM schema_version WHERE version > 1");
        }

        await server.RestartAsync();

        Assert.Equal("1", (await server.DoAsync("POST", $"{Functions}/f/versions")).GetProperty("Version").GetString());
        Assert.Equal("PassThrough", (await server.DoAsync("GET", $"{Functions}/f/configuration")).GetProperty("TracingConfig").GetProperty("Mode").GetString());
    }

    private static Task<JsonElement> CreateAsync(TestServer server, byte[] zip) => server.DoAsync(
        "POST", Functions, $$$"""{"FunctionName":"f","Runtime":"python3.12","Handler":"a.b","Role":"arn:aws:iam::000000000000:role/r","Code":{"ZipFile":"{{{Convert.ToBase64String(zip)}}}"}}""");

    private static async Task<string> LayerAsync(TestServer server, byte[] zip) =>
        (await server.DoAsync("POST", "/2018-10-31/layers/l/versions", $$$"""{"Content":{"ZipFile":"{{{Convert.ToBase64String(zip)}}}"}}""")).GetProperty("LayerVersionArn").GetString()!;

    private static void AssertBlobs(TestServer server, params byte[][] zips) => Assert.Equal(
        zips.Select(z => Convert.ToHexStringLower(SHA256.HashData(z))).Order(),
        Directory.EnumerateFiles(Path.Join(server.Data, "control", "blobs"), "*", SearchOption.AllDirectories).Select(p => Path.GetFileName(p)).Order());

    private static long Count(TestServer server, string table)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Join(server.Data, "control", "hearth.db")};Pooling=False;Mode=ReadOnly");
        connection.Open();
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = $"SELECT COUNT(*) FROM {table}";
        return (long)command.ExecuteScalar()!;
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
