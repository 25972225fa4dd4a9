using System.Security.Cryptography;
using Hearth.Contracts.V1;
using Hearth.ControlPlane.Tests.Support;
using Xunit;

namespace Hearth.ControlPlane.Tests.Adapters;

/// <summary>One table of cases; each runs through the REST API and through gRPC against a real server, and both must say the same.</summary>
public class BothAdaptersTests
{
    private static readonly Dictionary<string, (Settings Settings, Func<byte[]> Zip, string Code, string Says)> Refusals = new()
    {
        ["no handler"] = (new Settings { Handler = null }, Good, "InvalidParameterValueException", "Runtime and Handler are mandatory parameters for functions created with deployment packages."),
        ["no runtime"] = (new Settings { Runtime = null }, Good, "InvalidParameterValueException", "Runtime and Handler are mandatory"),
        ["no name"] = (new Settings { Name = null }, Good, "ValidationException", "Value null at 'functionName' failed to satisfy constraint: Member must not be null"),
        ["bad name"] = (new Settings { Name = "a b" }, Good, "ValidationException", "at 'functionName' failed to satisfy constraint: Member must satisfy regular expression pattern"),
        ["name of 65"] = (new Settings { Name = new string('a', 65) }, Good, "ValidationException", "Member must have length less than or equal to 64"),
        ["name with version"] = (new Settings { Name = "f:1" }, Good, "InvalidParameterValueException", "name alone"),
        ["other region"] = (new Settings { Name = "arn:aws:lambda:eu-west-1:000000000000:function:f" }, Good, "ResourceNotFoundException", "Functions from 'eu-west-1' are not reachable in this region ('us-east-1')"),
        ["unknown runtime"] = (new Settings { Runtime = "cobol60" }, Good, "InvalidParameterValueException", "Value cobol60 at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: ["),
        ["timeout 0"] = (new Settings { Timeout = 0 }, Good, "ValidationException", "Value '0' at 'timeout' failed to satisfy constraint: Member must have value greater than or equal to 1"),
        ["timeout 901"] = (new Settings { Timeout = 901 }, Good, "ValidationException", "Member must have value less than or equal to 900"),
        ["memory 127"] = (new Settings { Memory = 127 }, Good, "ValidationException", "'memorySize' failed to satisfy constraint: Member must have value greater than or equal to 128"),
        ["memory 10241"] = (new Settings { Memory = 10_241 }, Good, "ValidationException", "less than or equal to 10240"),
        ["tmp 511"] = (new Settings { Tmp = 511 }, Good, "ValidationException", "'ephemeralStorage.size' failed to satisfy constraint: Member must have value greater than or equal to 512"),
        ["two wrong"] = (new Settings { Memory = 1, Timeout = 0 }, Good, "ValidationException", "2 validation errors detected: "),
        ["handler with space"] = (new Settings { Handler = "a b" }, Good, "ValidationException", @"regular expression pattern: [^\s]+"),
        ["handler of 129"] = (new Settings { Handler = new string('h', 129) }, Good, "ValidationException", "length less than or equal to 128"),
        ["description of 257"] = (new Settings { Description = new string('d', 257) }, Good, "ValidationException", "length less than or equal to 256"),
        ["role"] = (new Settings { Role = "me" }, Good, "ValidationException", "'role' failed to satisfy constraint"),
        ["architecture"] = (new Settings { Architectures = ["mips"] }, Good, "ValidationException", "[x86_64, arm64]"),
        ["two architectures"] = (new Settings { Architectures = ["x86_64", "arm64"] }, Good, "ValidationException", "length less than or equal to 1"),
        ["env name"] = (new Settings { Environment = new() { ["1A"] = "x" } }, Good, "ValidationException", "[a-zA-Z]([a-zA-Z0-9_])+"),
        ["env reserved"] = (new Settings { Environment = new() { ["AWS_REGION"] = "x" } }, Good, "InvalidParameterValueException", "Reserved keys used in this request: AWS_REGION"),
        ["env too large"] = (new Settings { Environment = new() { ["BIG"] = new string('x', 4_096) } }, Good, "InvalidParameterValueException", "exceeded the 4KB limit"),
        ["env too large, and its names wrong"] = (new Settings { Environment = Enumerable.Range(0, 100_000).ToDictionary(i => $"{i}", _ => "") }, Good, "InvalidParameterValueException", "exceeded the 4KB limit"),
        ["many wrong env names"] = (new Settings { Environment = Enumerable.Range(0, 300).ToDictionary(i => $"{i}", _ => "") }, Good, "ValidationException", "20 validation errors detected: "),
        ["env with NUL"] = (new Settings { Environment = new() { ["AA"] = "a\0b" } }, Good, "InvalidParameterValueException", "NUL character in AA"),
        ["empty zip"] = (new Settings(), () => [], "InvalidParameterValueException", "non-empty zip"),
        ["no zip"] = (new Settings(), () => "hello"u8.ToArray(), "InvalidParameterValueException", "Could not unzip uploaded file. Please check your file, then try to upload again."),
        ["traversal"] = (new Settings(), () => RawZip.Of(new RawEntry("../x")), "InvalidParameterValueException", "'../x'"),
        ["unzips to too much"] = (new Settings(), () => RawZip.Of(new RawEntry("a") { Data = new byte[262_144_001], Deflate = true }), "InvalidParameterValueException", "Unzipped size must be smaller than 262144000 bytes"),
        ["zip too large"] = (new Settings(), () => new byte[52_428_801], "RequestEntityTooLargeException", "Zipped size must be smaller than 52428800 bytes"),
    };

    public static TheoryData<string, string> RefusalCases
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (string name in Refusals.Keys)
            {
                data.Add(name, "rest");
                data.Add(name, "grpc");
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(RefusalCases))]
    public async Task RefusesAndKeepsNothing(string name, string adapter)
    {
        (Settings settings, Func<byte[]> zip, string code, string says) = Refusals[name];
        await using TestServer server = await TestServer.StartAsync();
        IAdapter api = Adapter(server, adapter);

        Outcome outcome = await api.CreateAsync(settings, zip());

        Assert.Equal(code, outcome.Code);
        Assert.Contains(says, outcome.Text, StringComparison.Ordinal);
        // However much was wrong, the refusal is short: twenty violations at most, each with 256 letters of what was sent.
        Assert.InRange(outcome.Text.Length, 1, 10_000);
        Assert.Equal("", (await api.ListAsync()).Text);
        Assert.Empty(Directory.EnumerateFiles(Path.Join(server.Data, "control", "blobs"), "*", SearchOption.AllDirectories));
    }

    [Theory]
    [InlineData("rest")]
    [InlineData("grpc")]
    public async Task ALanguageThatNoMachineHasIsRefusedWithWhatToInstall(string adapter)
    {
        await using TestServer server = await TestServer.StartAsync();
        await using FakeAgent agent = await FakeAgent.ConnectAsync(server);
        await agent.NextAsync(ControlMessage.BodyOneofCase.Snapshot);
        IAdapter api = Adapter(server, adapter);

        Outcome outcome = await api.CreateAsync(new Settings { Runtime = "nodejs22.x" }, Good());

        Assert.Equal("InvalidParameterValueException", outcome.Code);
        Assert.Contains("Runtime nodejs22.x cannot run here: /usr/bin/node is absent; apt-get install nodejs", outcome.Text, StringComparison.Ordinal);
        Assert.Equal("", (await api.ListAsync()).Text);
        Assert.Equal("ok", (await api.CreateAsync(new Settings(), Good())).Code);
    }

    [Theory]
    [InlineData("rest")]
    [InlineData("grpc")]
    public async Task SettingsAreChangedAloneAndUnderARevision(string adapter)
    {
        await using TestServer server = await TestServer.StartAsync();
        IAdapter api = Adapter(server, adapter);
        Outcome created = await api.CreateAsync(new Settings { Memory = 256, Timeout = 9 }, Good());
        Settings none = new() { Runtime = null, Handler = null, Role = null };

        Outcome stale = await api.UpdateConfigurationAsync(none with { Memory = 512 }, Guid.Empty.ToString());
        Assert.Equal("PreconditionFailedException", stale.Code);
        Assert.Contains("does not match the latest Revision Id", stale.Text, StringComparison.Ordinal);

        Outcome changed = await api.UpdateConfigurationAsync(none with { Memory = 512 }, created.Revision);
        Assert.Equal(("ok", 512, 9, created.Sha256, "InProgress"), (changed.Code, changed.Memory, changed.Timeout, changed.Sha256, changed.LastUpdate));
        Assert.NotEqual(created.Revision, changed.Revision);

        foreach ((Settings wrong, string code, string says) in new[]
        {
            (none with { Timeout = 901 }, "ValidationException", "'timeout'"),
            (none with { Memory = 127 }, "ValidationException", "'memorySize'"),
            (none with { Tmp = 10_241 }, "ValidationException", "'ephemeralStorage.size'"),
            (none with { Runtime = "cobol60" }, "InvalidParameterValueException", "Value cobol60 at 'runtime'"),
            (none with { Name = "g" }, "ResourceNotFoundException", "function:g"),
        })
        {
            Outcome refused = await api.UpdateConfigurationAsync(wrong);
            Assert.Equal(code, refused.Code);
            Assert.Contains(says, refused.Text, StringComparison.Ordinal);
            Assert.Equal(changed.Revision, (await api.GetAsync("f")).Revision);
        }
    }

    [Theory]
    [InlineData("rest")]
    [InlineData("grpc")]
    public async Task LivesItsLife(string adapter)
    {
        await using TestServer server = await TestServer.StartAsync();
        IAdapter api = Adapter(server, adapter);
        byte[] first = Zips.Good("1");
        byte[] second = Zips.Good("2");

        Outcome created = await api.CreateAsync(new Settings { Memory = 256, Environment = new() { ["AA"] = "ü'\"" } }, first);
        Assert.Equal(("ok", "Pending", "arn:aws:lambda:us-east-1:000000000000:function:f"), (created.Code, created.State, created.Arn));
        Assert.Equal(Convert.ToBase64String(SHA256.HashData(first)), created.Sha256);
        Assert.Equal((3, 256, 512), (created.Timeout, created.Memory, created.Tmp));

        Outcome again = await api.CreateAsync(new Settings(), first);
        Assert.Equal(("ResourceConflictException", "Function already exist: f"), (again.Code, again.Text));

        foreach (string name in new[] { "f", "000000000000:function:f", created.Arn, "f:$LATEST" })
            Assert.Equal(created.Revision, (await api.GetAsync(name)).Revision);
        Assert.Equal(created.Revision, (await api.GetAsync("f", "$LATEST")).Revision);
        Outcome other = await api.GetAsync("f", "7");
        Assert.Equal(("ResourceNotFoundException", $"Function not found: {created.Arn}:7"), (other.Code, other.Text));
        Assert.Equal("InvalidParameterValueException", (await api.GetAsync("f:1", "2")).Code);

        Outcome updated = await api.UpdateCodeAsync("f", second);
        Assert.Equal(Convert.ToBase64String(SHA256.HashData(second)), updated.Sha256);
        Assert.NotEqual(created.Revision, updated.Revision);
        Assert.Equal(256, updated.Memory);
        Assert.Equal("InProgress", updated.LastUpdate);
        Assert.Equal([Convert.ToHexStringLower(SHA256.HashData(second))], Blobs(server));
        Assert.Equal("ResourceNotFoundException", (await api.UpdateCodeAsync("g", second)).Code);

        Assert.Equal("InvalidParameterValueException", (await api.DeleteAsync("f", "$LATEST")).Code);
        Assert.Equal("ok", (await api.DeleteAsync("f")).Code);
        Assert.Equal("ResourceNotFoundException", (await api.GetAsync("f")).Code);
        Assert.Equal("ResourceNotFoundException", (await api.DeleteAsync("f")).Code);
        Assert.Empty(Blobs(server));
    }

    [Theory]
    [InlineData("rest")]
    [InlineData("grpc")]
    public async Task ListsInPages(string adapter)
    {
        await using TestServer server = await TestServer.StartAsync();
        IAdapter api = Adapter(server, adapter);
        foreach (string name in new[] { "c", "a", "e", "b", "d" })
            Assert.Equal("ok", (await api.CreateAsync(new Settings { Name = name }, Good())).Code);

        Outcome first = await api.ListAsync(2);
        Assert.Equal("a,b", first.Text);
        // Deleting what the marker names must not lose the next page.
        await api.DeleteAsync("b");
        Outcome second = await api.ListAsync(2, first.NextMarker);
        Assert.Equal("c,d", second.Text);
        Outcome third = await api.ListAsync(2, second.NextMarker);
        Assert.Equal(("e", ""), (third.Text, third.NextMarker));
        Assert.Equal("ValidationException", (await api.ListAsync(10_001)).Code);
        Assert.Equal("ValidationException", (await api.ListAsync(-1)).Code);
        Assert.Equal("InvalidParameterValueException", (await api.ListAsync(2, "not ours")).Code);
        // Five functions of one zip, one of them deleted: the zip stays.
        Assert.Single(Blobs(server));
    }

    [Fact]
    public async Task SurvivesARestartAndSweepsWhatACrashLeft()
    {
        await using TestServer server = await TestServer.StartAsync();
        Outcome before = await new GrpcAdapter(server.Grpc).CreateAsync(new Settings { Environment = new() { ["AA"] = "b" }, Timeout = 9 }, Good());
        string blobs = Path.Join(server.Data, "control", "blobs");
        File.WriteAllText(Path.Join(blobs, new string('a', 64)), "named by no function");
        File.WriteAllText(Path.Join(blobs, ".incoming", "half"), "half an upload");

        await server.RestartAsync();

        Assert.Equal(before, await new GrpcAdapter(server.Grpc).GetAsync("f", null));
        Assert.Equal(before, await new RestAdapter(server.Rest).GetAsync("f", null));
        Assert.Single(Directory.EnumerateFiles(blobs, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task DeployCreatesThenReplaces()
    {
        await using TestServer server = await TestServer.StartAsync();
        var api = new GrpcAdapter(server.Grpc);
        Outcome first = await api.DeployAsync(new Settings { Runtime = "python", Role = null, Memory = 512 }, Zips.Good("1"));
        Outcome second = await api.DeployAsync(new Settings { Runtime = "nodejs", Role = null, Memory = 256 }, Zips.Good("2"));
        Assert.Equal(("ok", 512, "ok", 256), (first.Code, first.Memory, second.Code, second.Memory));
        Assert.NotEqual(first.Revision, second.Revision);
        Assert.Single(Blobs(server));
    }

    private static byte[] Good() => Zips.Good();

    private static string[] Blobs(TestServer server) =>
        [.. Directory.EnumerateFiles(Path.Join(server.Data, "control", "blobs"), "*", SearchOption.AllDirectories).Select(p => Path.GetFileName(p))];

    private static IAdapter Adapter(TestServer server, string name) => name == "rest" ? new RestAdapter(server.Rest) : new GrpcAdapter(server.Grpc);
}
