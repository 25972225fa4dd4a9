using System.Diagnostics;
using System.Text.Json.Nodes;
using Hearth.NativeTests.Harness;
using Xunit;

namespace Hearth.NativeTests.EndToEnd;

/// <summary>What terraform-provider-aws sends for a function and its role, log group, URL and so on, in its order, signed with an access key, against a real node.</summary>
[Collection(EndToEndCollection.Name)]
public sealed class TerraformTests
{
    [Fact]
    public async Task Its_calls_make_read_change_and_destroy_a_function_and_all_around_it()
    {
        Needs.Program("/usr/lib/python3/dist-packages/botocore/__init__.py", "python3-boto3");
        await using var node = await TestNode.StartAsync();
        var (made, key) = await Cli.RunAsync(node, "keys", "create", "--role", "admin", "--json");
        Assert.True(made == 0, key);
        string[] zips = [Path.Combine(node.Data, "one.zip"), Path.Combine(node.Data, "two.zip")];
        foreach (var (zip, code) in zips.Zip((string[])["one", "two"]))
            await File.WriteAllBytesAsync(zip, FunctionZip.Of(("app.py", $"def handle(event, context):\n    return {{\"code\": \"{code}\", **event}}\n")), TestContext.Current.CancellationToken);
        var secrets = JsonNode.Parse(key)!["AccessKey"]!;
        string[] arguments =
        [
            "-B", "-I", Path.Combine(AppContext.BaseDirectory, "EndToEnd", "Terraform.py"), node.Endpoint.ToString().TrimEnd('/'),
            secrets["AccessKeyId"]!.GetValue<string>(), secrets["SecretAccessKey"]!.GetValue<string>(), .. zips,
        ];
        var (exit, output) = await Cli.RunAsync(new ProcessStartInfo("/usr/bin/python3", arguments));
        Assert.True(exit == 0 && output.Contains("terraform: ok", StringComparison.Ordinal), output + node.Output);
        TestContext.Current.TestOutputHelper?.WriteLine(output.TrimEnd());
    }
}
