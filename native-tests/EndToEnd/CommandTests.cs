using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hearth.NativeTests.Harness;
using Xunit;

namespace Hearth.NativeTests.EndToEnd;

/// <summary>The commands of hearth as processes against a real node: what they print, on which stream, and how they end.</summary>
[Collection(EndToEndCollection.Name)]
public sealed class CommandTests(SharedNode shared) : IClassFixture<SharedNode>
{
    private const string Talkative = "def handle(event, context):\n    print('said', event.get('say'))\n    if event.get('fail'):\n        raise ValueError('no')\n    return {'id': context.aws_request_id}\n";

    [Fact]
    public async Task Deploy_takes_a_folder_and_shows_its_progress_on_a_terminal_only()
    {
        var node = await shared.DeployAsync();
        var folder = Directory.CreateDirectory(Path.Combine(node.Data, "sources-" + Guid.NewGuid().ToString("N")[..6])).FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "app.py"), Talkative, TestContext.Current.CancellationToken);
        // Noise does not shrink: nearly the largest package there may be, so that the upload takes a while on a fast machine, too.
        await File.WriteAllBytesAsync(Path.Combine(folder, "noise"), RandomBytes(49 << 20), TestContext.Current.CancellationToken);
        string[] deploy = ["deploy", folder, "--name", "uploaded", "--runtime", "python", "--handler", "app.handle"];

        var onTerminal = await CommandPty.HearthAsync(node, [], deploy);
        Assert.True(onTerminal.Code == 0, onTerminal.Output);
        Assert.Contains("uploading 49", onTerminal.Output, StringComparison.Ordinal);
        Assert.Contains('%', onTerminal.Output);
        Assert.Contains("uploaded is Active", onTerminal.Output, StringComparison.Ordinal);

        File.Delete(Path.Combine(folder, "noise"));
        var (code, output, error) = await RunAsync(node, deploy);
        Assert.Equal((0, ""), (code, error));
        Assert.StartsWith("uploaded is Active", output, StringComparison.Ordinal);

        (code, output, _) = await RunAsync(node, [.. deploy, "--json"]);
        Assert.Equal((0, "Active"), (code, JsonNode.Parse(output)!["State"]!.GetValue<string>()));
    }

    [Fact]
    public async Task Invoke_prints_the_answer_and_with_log_the_log()
    {
        var node = await TalkerAsync();
        var (code, output, error) = await RunAsync(node, "invoke", "talker", "--payload", """{"say":"hello"}""", "--log");
        Assert.Equal(0, code);
        var id = JsonNode.Parse(output)!["id"]!.GetValue<string>();
        Assert.Contains($"START RequestId: {id} Version: $LATEST", error, StringComparison.Ordinal);
        Assert.Contains("said hello", error, StringComparison.Ordinal);
        Assert.Contains($"REPORT RequestId: {id}", error, StringComparison.Ordinal);

        (code, output, error) = await RunAsync(node, "invoke", "talker", "--payload", """{"say":"hello"}""");
        Assert.Equal((0, ""), (code, error));

        (code, output, error) = await RunAsync(node, "invoke", "talker", "--payload", """{"fail":1}""");
        Assert.Equal(1, code);
        Assert.Equal("ValueError", JsonNode.Parse(output)!["errorType"]!.GetValue<string>());
        Assert.Contains("hearth logs talker --request ", error, StringComparison.Ordinal);

        (code, output, _) = await RunAsync(node, "invoke", "talker", "--log", "--json");
        var json = JsonNode.Parse(output)!;
        Assert.Equal((0, 200, "$LATEST"), (code, json["StatusCode"]!.GetValue<int>(), json["ExecutedVersion"]!.GetValue<string>()));
        Assert.Contains("REPORT RequestId", System.Text.Encoding.UTF8.GetString(Convert.FromBase64String(json["LogResult"]!.GetValue<string>())), StringComparison.Ordinal);

        (code, _, error) = await RunAsync(node, "invoke", "nobody");
        Assert.Equal(3, code);
        Assert.Contains("Function not found", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Logs_are_told_apart_by_request()
    {
        var node = await TalkerAsync();
        var first = await IdAsync(node, "one");
        var second = await IdAsync(node, "two");
        Assert.NotEqual(first, second);
        var (code, output, _) = await RunAsync(node, "logs", "talker", "--request", first);
        Assert.Equal(0, code);
        Assert.Contains("said one", output, StringComparison.Ordinal);
        Assert.DoesNotContain("said two", output, StringComparison.Ordinal);
        Assert.DoesNotContain(second, output, StringComparison.Ordinal);

        (code, output, _) = await RunAsync(node, "logs", "talker", "--request", second, "--json");
        var lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!).ToList();
        Assert.All(lines, line => Assert.Equal(second, line["requestId"]!.GetValue<string>()));
        Assert.Contains(lines, line => line["message"]!.GetValue<string>().Contains("said two", StringComparison.Ordinal));

        (code, output, _) = await RunAsync(node, "logs", "talker", "--tail", "2");
        Assert.Equal((0, 2), (code, output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length));
        (code, _, _) = await RunAsync(node, "logs", "nobody");
        Assert.Equal(3, code);
    }

    [Fact]
    public async Task Usage_is_the_same_as_table_csv_and_json()
    {
        var node = await TalkerAsync();
        await IdAsync(node, "count me");
        var (requests, code, csv) = (0L, 0, "");
        // What tests before it have invoked may still be on its way to the ledger.
        await Patience.UntilAsync("the ledger has it, and stays the same for three questions", async () =>
        {
            requests = await Cli.UsageAsync(node, "talker");
            (code, csv, _) = await RunAsync(node, "usage", "talker", "--csv");
            return requests > 0 && await Cli.UsageAsync(node, "talker") == requests;
        });
        var rows = csv.Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal((0, 2), (code, rows.Length));
        Assert.StartsWith("function,requests,errors,", rows[0], StringComparison.Ordinal);
        Assert.StartsWith($"talker,{requests},", rows[1], StringComparison.Ordinal);
        Assert.Equal(rows[0].Split(',').Length, rows[1].Split(',').Length);
        (code, var table, _) = await RunAsync(node, "usage");
        Assert.Equal(0, code);
        Assert.Contains("TOTAL", table, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Instances_are_listed_and_watched()
    {
        var node = await TalkerAsync();
        await IdAsync(node, "be there");
        var (code, output, _) = await RunAsync(node, "ps", "talker");
        Assert.Equal(0, code);
        Assert.Contains("talker", output, StringComparison.Ordinal);
        (code, output, _) = await RunAsync(node, "top");
        Assert.Equal(0, code);
        Assert.Contains("invocations/s", output, StringComparison.Ordinal);
        Assert.DoesNotContain('\x1b', output);
        var watched = await CommandPty.HearthAsync(node, [("talker", "q")], "top");
        Assert.Equal(0, watched.Code);
    }

    [Fact]
    public async Task Runtimes_shows_what_is_installed_with_its_version()
    {
        var node = await shared.DeployAsync();
        var (code, output, _) = await RunAsync(node, "runtimes", "--json");
        Assert.Equal(0, code);
        var runtimes = JsonNode.Parse(output)!["Runtimes"]!.AsArray().DistinctBy(one => one!["Language"]!.GetValue<string>()).ToDictionary(one => one!["Language"]!.GetValue<string>(), one => one!);
        foreach (var (language, path) in (ReadOnlySpan<(string, string)>)[("python", "/usr/bin/python3"), ("nodejs", "/usr/bin/node"), ("dotnet", "/usr/bin/dotnet")])
        {
            var version = runtimes[language]["InstalledVersion"]!.GetValue<string>();
            Assert.True(File.Exists(path) == version.Length > 0, $"{language}: '{version}', and {path} {(File.Exists(path) ? "is" : "is not")} there");
            if (version.Length > 0)
                Assert.Matches(@"^\d+\.\d+\.\d+", version);
            else
                Assert.Contains("install", runtimes[language]["Note"]!.GetValue<string>(), StringComparison.Ordinal);
            Assert.NotEmpty(runtimes[language]["RuntimeIds"]!.AsArray());
        }

        (code, output, _) = await RunAsync(node, "runtimes");
        Assert.Equal(0, code);
        Assert.Contains(runtimes["python"]["InstalledVersion"]!.GetValue<string>(), output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ls")]
    [InlineData("ps")]
    [InlineData("usage")]
    [InlineData("runtimes")]
    [InlineData("version")]
    [InlineData("doctor")]
    public async Task Json_is_json_and_nothing_else(string command)
    {
        var node = await shared.DeployAsync();
        var (code, output, _) = await RunAsync(node, command, "--json");
        // doctor answers 1 on a machine where Hearth cannot run; this one runs it.
        Assert.Equal(0, code);
        using var json = JsonDocument.Parse(output);
        Assert.Equal(JsonValueKind.Object, json.RootElement.ValueKind);
    }

    [Fact]
    public async Task Removing_twice_is_not_found()
    {
        var node = await shared.DeployAsync("short-lived");
        var (code, output, _) = await RunAsync(node, "rm", "short-lived");
        Assert.Equal((0, "short-lived deleted\n"), (code, output));
        (code, _, var error) = await RunAsync(node, "rm", "short-lived");
        Assert.Equal(3, code);
        Assert.Contains("Function not found", error, StringComparison.Ordinal);
    }

    internal static async Task<(int Code, string Output, string Error)> RunAsync(TestNode node, params string[] arguments)
    {
        var start = new ProcessStartInfo(Published.Program("hearth"), [.. arguments, "--data", node.Data]) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var error = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, output, await error);
    }

    private async Task<TestNode> TalkerAsync()
    {
        var node = await shared.DeployAsync();
        if ((await node.Client.GetAsync("/2015-03-31/functions/talker")).Status == System.Net.HttpStatusCode.NotFound)
            await node.Client.CreateAsync(new FunctionSettings("talker", Handler: "app.handle", TimeoutSeconds: 30), FunctionZip.Of(("app.py", Talkative)));
        return node;
    }

    private static async Task<string> IdAsync(TestNode node, string say)
    {
        var (code, output, error) = await RunAsync(node, "invoke", "talker", "--payload", new JsonObject { ["say"] = say }.ToJsonString());
        Assert.True(code == 0, output + error);
        return JsonNode.Parse(output)!["id"]!.GetValue<string>();
    }

    private static byte[] RandomBytes(int count)
    {
        var bytes = new byte[count];
        new Random(1).NextBytes(bytes);
        return bytes;
    }
}
