using System.Diagnostics;
using System.Text.Json.Nodes;
using Hearth.NativeTests.Harness;
using Xunit;

namespace Hearth.NativeTests.EndToEnd;

/// <summary>The real aws command against a real node: each wrong request is answered with AWS's error, names its cause, and leaves nothing half done.</summary>
[Collection(EndToEndCollection.Name)]
public sealed class BadInputTests(SharedNode shared) : IClassFixture<SharedNode>
{
    // What aws exits with when the service has answered with an error.
    private const int ServiceError = 254;

    private const string InvalidParameter = "(InvalidParameterValueException)", Validation = "(ValidationException)";

    /// <summary>The package, changes to a good create-function, and what stderr must say.</summary>
    public static TheoryData<string, string, string, string> Creations => new()
    {
        // aws itself refuses what has no directory of a zip; boto3 does not (BadInputBoto.py).
        { "damaged", "", InvalidParameter, "Could not unzip uploaded file. Please check your file, then try to upload again." },
        { "bomb", "", InvalidParameter, "Unzipped size must be smaller than 262144000 bytes" },
        { "bomb that lies about its size", "", InvalidParameter, "unzip" },
        { "traversal", "", InvalidParameter, "../evil.py" },
        { "traversal inside", "", InvalidParameter, "a/../../evil.py" },
        { "absolute", "", InvalidParameter, "/etc/evil" },
        { "link to the host", "", InvalidParameter, "passwd" },
        { "link out of the package", "", InvalidParameter, "up" },
        { "file behind a link", "", InvalidParameter, "'d" },
        { "the same name twice", "", InvalidParameter, "app.py" },
        { "good", "--runtime cobol60", InvalidParameter, "Value cobol60 at 'runtime' failed to satisfy constraint: Member must satisfy enum value set" },
        { "good", "--function-name a_name_with.a_dot", Validation, "at 'functionName' failed to satisfy constraint: Member must satisfy regular expression pattern" },
        { "good", "--memory-size 127", Validation, "Value '127' at 'memorySize' failed to satisfy constraint: Member must have value greater than or equal to 128" },
        { "good", "--memory-size 10241", Validation, "less than or equal to 10240" },
        { "good", "--timeout 901", Validation, "Value '901' at 'timeout' failed to satisfy constraint: Member must have value less than or equal to 900" },
        { "good", "--ephemeral-storage Size=511", Validation, "'ephemeralStorage.size'" },
        { "good", "--role me", Validation, "'role'" },
        { "good", "--environment Variables={AWS_REGION=x}", InvalidParameter, "Reserved keys used in this request: AWS_REGION" },
    };

    [Theory]
    [MemberData(nameof(Creations))]
    public async Task A_wrong_function_is_not_created(string package, string change, string code, string says)
    {
        var node = await NodeAsync();
        var before = await BadInputState.OfAsync(node);
        var zip = Path.Combine(node.Data, "package.zip");
        await File.WriteAllBytesAsync(zip, BadInputPackages.Of(package), TestContext.Current.CancellationToken);
        // The last of two equal options counts.
        string[] good = ["create-function", "--function-name", "wrong", "--runtime", "python3.11", "--role", "arn:aws:iam::000000000000:role/r", "--handler", "app.handle", "--zip-file", "fileb://" + zip];

        var (exit, output) = await BadInputAws.RunAsync(node, [.. good, .. change.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);

        AssertRefused(exit, output, code, says);
        await before.AssertUnchangedAsync(node);
        Assert.Equal("{}", (await node.Client.InvokeAsync("keeper")).Body);
    }

    public static TheoryData<string, string, string, string> Invocations => new()
    {
        { "keeper", "{", "(InvalidRequestContentException)", "Could not parse request body into json" },
        { "keeper", "hello", "(InvalidRequestContentException)", "Could not parse request body into json" },
        { "nobody", "{}", "(ResourceNotFoundException)", "Function not found: arn:aws:lambda:us-east-1:000000000000:function:nobody" },
        { "keeper:9", "{}", "(ResourceNotFoundException)", "Function not found: arn:aws:lambda:us-east-1:000000000000:function:keeper:9" },
    };

    [Theory]
    [MemberData(nameof(Invocations))]
    public async Task A_wrong_invocation_is_refused(string function, string payload, string code, string says)
    {
        var node = await NodeAsync();
        var (exit, output) = await BadInputAws.RunAsync(node, ["invoke", "--function-name", function, "--payload", payload, "/dev/null"]);
        AssertRefused(exit, output, code, says);
    }

    [Theory]
    [InlineData(6_291_456, true)]
    [InlineData(6_291_457, false)]
    public async Task The_largest_payload_is_taken_and_one_byte_more_is_not(int bytes, bool taken)
    {
        var node = await NodeAsync();
        var file = Path.Combine(node.Data, "payload.json");
        await File.WriteAllTextAsync(file, "\"" + new string('x', bytes - 2) + "\"", TestContext.Current.CancellationToken);
        var (exit, output) = await BadInputAws.RunAsync(node, ["invoke", "--function-name", "keeper", "--payload", "fileb://" + file, Path.Combine(node.Data, "answer")]);
        if (!taken)
        {
            AssertRefused(exit, output, "(RequestEntityTooLargeException)", "Request must be smaller than 6291456 bytes for the InvokeFunction operation");
            return;
        }

        Assert.True(exit == 0, output);
        Assert.Equal(bytes, new FileInfo(Path.Combine(node.Data, "answer")).Length);
    }

    [Fact]
    public async Task Hostile_invocations_of_each_kind_are_refused_with_a_type_and_leave_nothing()
    {
        var node = await NodeAsync();
        var before = await BadInputState.OfAsync(node);
        var script = Path.Combine(AppContext.BaseDirectory, "EndToEnd", "HostileInvoke.py");
        var (exit, output) = await Cli.RunAsync(new ProcessStartInfo("/usr/bin/python3", ["-B", "-I", script, node.Endpoint.ToString().TrimEnd('/'), "keeper"]));
        Assert.True(exit == 0 && output.Contains("hostile: ok", StringComparison.Ordinal), output + node.Output);
        await before.AssertUnchangedAsync(node);
        // Events that were accepted have run, none is tried again, and nothing became a dead letter.
        await Patience.UntilAsync("the queue is empty", async () =>
        {
            var (code, queues) = await Cli.RunAsync(node, "queue", "--json");
            return code == 0 && JsonNode.Parse(queues)!["Queues"]!.AsArray().Sum(queue => queue!["Waiting"]!.GetValue<long>() + queue["InFlight"]!.GetValue<long>()) == 0;
        });
        Assert.Empty(JsonNode.Parse((await Cli.RunAsync(node, "dead-letters", "ls", "--json")).Output)!["DeadLetters"]!.AsArray());
        Assert.Equal("{}", (await node.Client.InvokeAsync("keeper")).Body);
    }

    private static void AssertRefused(int exit, string output, string code, string says)
    {
        Assert.True(exit == ServiceError, $"aws ended with {exit}: {output}");
        Assert.Contains(code, output, StringComparison.Ordinal);
        Assert.Contains(says, output, StringComparison.Ordinal);
    }

    private async Task<TestNode> NodeAsync()
    {
        BadInputAws.Require();
        var node = await shared.DeployAsync();
        if ((await node.Client.GetAsync("/2015-03-31/functions/keeper")).Status == System.Net.HttpStatusCode.NotFound)
            await node.Client.CreateAsync(new FunctionSettings("keeper", Handler: "app.handle", MemoryMb: 256), BadInputPackages.Of("good"));
        return node;
    }
}
