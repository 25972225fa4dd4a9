using Hearth.Agent.Functions;
using Hearth.Agent.Tests.Fakes;
using Hearth.Contracts.V1;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hearth.Agent.Tests.Functions;

/// <summary>Versions and aliases: what an invocation's qualifier leads to.</summary>
public sealed class AliasTests
{
    private const string Who = """
        import os
        def handler(event, context):
            return [context.function_version, os.environ["AWS_LAMBDA_FUNCTION_VERSION"], context.invoked_function_arn, context.log_stream_name.split("[")[1].split("]")[0]]
        """;

    [Theory]
    [InlineData(0.0, "2")]
    [InlineData(0.2499, "2")]
    [InlineData(0.25, "1")]
    [InlineData(0.9999, "1")]
    public void An_alias_with_weights_is_chosen_from_by_share(double roll, string version)
    {
        var catalogue = new Catalogue(NullLogger.Instance, () => roll);
        catalogue.Replace(new Snapshot { Functions = { Spec("$LATEST"), Spec("1"), Spec("2") }, Aliases = { Alias("live", "1", "2", 0.25) } });
        Assert.Equal(version, catalogue.Resolve("f", "live")!.Version);
    }

    [Fact]
    public void Qualifiers_lead_to_versions_and_nowhere_else()
    {
        var catalogue = new Catalogue(NullLogger.Instance);
        catalogue.Replace(new Snapshot { Functions = { Spec("$LATEST"), Spec("1") }, Aliases = { Alias("live", "1"), Alias("edge", "$LATEST"), Alias("broken", "7") } });
        foreach (var (qualifier, version) in new (string?, string)[] { (null, "$LATEST"), ("$LATEST", "$LATEST"), ("1", "1"), ("live", "1"), ("edge", "$LATEST") })
            Assert.Equal(version, catalogue.Resolve("f", qualifier)!.Version);
        Assert.All(["2", "Live", "broken", ""], q => Assert.Null(catalogue.Resolve("f", q)));
        Assert.Null(catalogue.Resolve("g", "live"));

        // A change of one function replaces all of it, and nothing of another.
        catalogue.Upsert(new FunctionSet { FunctionName = "g", Versions = { Spec("$LATEST", "g") } });
        catalogue.Upsert(new FunctionSet { FunctionName = "f", Versions = { Spec("$LATEST") } });
        Assert.Null(catalogue.Resolve("f", "live"));
        Assert.Null(catalogue.Resolve("f", "1"));
        Assert.NotNull(catalogue.Resolve("g", null));
        catalogue.Remove("f");
        Assert.Null(catalogue.Resolve("f", null));
    }

    [Fact]
    public void A_reservation_is_told_and_ends_no_warm_instance()
    {
        var catalogue = new Catalogue(NullLogger.Instance);
        List<(string, int)> told = [];
        catalogue.Reserved += (name, count) => told.Add((name, count));
        catalogue.Replace(new Snapshot { Functions = { Spec("$LATEST"), Spec("1") } });
        var before = catalogue.Find("f", "1");
        catalogue.Upsert(new FunctionSet { FunctionName = "f", Versions = { Spec("$LATEST", reserved: 3), Spec("1", reserved: 3) } });
        Assert.Same(before, catalogue.Find("f", "1"));
        Assert.Equal(3, catalogue.ToSnapshot().Functions[0].ReservedConcurrency);
        catalogue.Remove("f");
        Assert.Equal([("f", -1), ("f", 3), ("f", -1)], told);
    }

    [Fact]
    public async Task Versions_and_aliases_run_as_what_they_are_also_after_a_restart_without_the_control_plane()
    {
        await using var node = await TestNode.StartAsync();
        var latest = await node.DeployAsync("who", Who);
        var first = latest.Clone();
        (first.Version, first.RevisionId) = ("1", Guid.NewGuid().ToString());
        node.Control.Put(new FunctionSet { FunctionName = "who", Versions = { latest, first }, Aliases = { new AliasSpec { FunctionName = "who", Name = "live", FunctionVersion = "1" } } });
        await node.Control.AppliedAsync();
        Assert.Equal("1", node.Agent.Catalogue.Resolve("who", "live")?.Version);
        await Eventually.True(() => node.Control.Ready.Any(r => r.RevisionId == first.RevisionId));

        const string Arn = "arn:aws:lambda:us-east-1:000000000000:function:who";
        foreach (var (name, version, arn) in new[] { ("who", "$LATEST", Arn), ("who:1", "1", Arn + ":1"), ("who:live", "1", Arn + ":live"), (Arn + ":live", "1", Arn + ":live") })
        {
            var answer = await node.InvokeAsync(name);
            Assert.Equal((200, version), (answer.Status, answer.Version));
            Assert.Equal($"""["{version}", "{version}", "{arn}", "{version}"]""", answer.Text);
        }
        Assert.Equal("ResourceNotFoundException", (await node.InvokeAsync("who:other")).ErrorType);

        var again = new Catalogue(NullLogger.Instance);
        var kept = Path.Join(node.Data, "agent", "snapshot.pb");
        await Eventually.True(() =>
        {
            if (!File.Exists(kept))
                return false;
            again.Replace(Snapshot.Parser.ParseFrom(File.ReadAllBytes(kept)));
            return again.Resolve("who", "live")?.Version == "1";
        });
    }

    private static AliasSpec Alias(string name, string version, string additional = "", double weight = 0) =>
        new() { FunctionName = "f", Name = name, FunctionVersion = version, AdditionalVersion = additional, AdditionalWeight = weight };

    private static FunctionSpec Spec(string version, string name = "f", int reserved = -1) => new()
    {
        FunctionName = name,
        Version = version,
        FunctionArn = $"arn:aws:lambda:us-east-1:000000000000:function:{name}",
        Language = "python",
        CodeSha256Hex = new string('a', 64),
        RevisionId = version,
        ReservedConcurrency = reserved,
    };
}
