using System.Text.Json.Nodes;
using Hearth.NativeTests.Harness;
using Xunit;

namespace Hearth.NativeTests.EndToEnd;

/// <summary>A machine with several interpreters of one language: which of them runs a function, and that whoever asks is told so.</summary>
[Collection(EndToEndCollection.Name)]
public sealed class RuntimeChoiceTests
{
    private const string Source = """
        import platform, sys
        def handle(event, context):
            return [sys.executable, sys._xoptions.get("hearth", False), platform.python_version()]
        """;

    // Another Python for a machine that has one: it says a version of its own, and marks what it runs.
    private const string SecondPython = """
        set -e
        mount -t tmpfs tmpfs /mnt
        mkdir /mnt/upper /mnt/work
        mount -t overlay -o lowerdir=/usr/bin,upperdir=/mnt/upper,workdir=/mnt/work overlay /usr/bin
        printf '#!/bin/sh\n[ "$1" != --version ] || { echo Python 3.7.99; exit; }\nexec /usr/bin/python3 -X hearth "$@"\n' > /usr/bin/python3.7
        chmod 755 /usr/bin/python3.7
        umount -l /mnt
        exec "$@"
        """;

    [Fact]
    public async Task An_id_runs_on_the_version_it_names_on_the_nearest_or_on_the_operators_choice()
    {
        Needs.Program("/usr/bin/python3", "python3");
        var own = Path.GetFileName(new FileInfo("/usr/bin/python3").ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? "");
        if (!own.StartsWith("python3.", StringComparison.Ordinal) || own == "python3.7")
            Assert.Skip($"needs a /usr/bin/python3 that leads to another version than 3.7: it is {own}");
        await using var node = await TestNode.StartAsync("--runtime", $"python3.14=/usr/bin/{own}");
        await node.StopAsync();
        await node.UpAsync("/usr/bin/unshare", "--mount", "/bin/sh", "-c", SecondPython, "sh");
        JsonArray runtimes = [];
        await Patience.UntilAsync("the control plane knows what is installed", async () =>
            await Cli.RunAsync(node, "runtimes", "--json") is (0, var output) && (runtimes = JsonNode.Parse(output)!["Runtimes"]!.AsArray()).Any(one => Text(one, "InstalledVersion") == "3.7.99"));

        foreach (var (id, executable, marked, listed) in ((string, string, bool, string)[])[
            (own, "/usr/bin/python3", false, "/usr/bin/python3"), ("python3.7", "/usr/bin/python3", true, "/usr/bin/python3.7"), ("python3.6", "/usr/bin/python3", true, "/usr/bin/python3.7"),
            ("python3.14", $"/usr/bin/{own}", false, $"/usr/bin/{own}")])
        {
            var serving = Assert.Single(runtimes, one => one!["RuntimeIds"]!.AsArray().Any(served => served!.GetValue<string>() == id));
            Assert.Equal((id, listed), (id, Text(serving, "Path")));
            var name = id.Replace('.', '-');
            await node.Client.CreateAsync(new FunctionSettings(name, id, TimeoutSeconds: 20), FunctionZip.Of(("handler.py", Source)));
            var answer = (await node.Client.InvokeAsync(name)).Json;
            Assert.Equal((id, executable, marked), (id, answer[0]!.GetValue<string>(), answer[1]!.GetValue<bool>()));

            var version = answer[2]!.GetValue<string>();
            var configuration = JsonNode.Parse((await node.Client.GetAsync($"/2015-03-31/functions/{name}/configuration")).Body)!;
            Assert.Equal(id, Text(configuration, "Runtime"));
            var arn = Text(configuration["RuntimeVersionConfig"]!, "RuntimeVersionArn");
            string log = "";
            await Patience.UntilAsync("its start is in the log", async () => (log = (await Cli.RunAsync(node, "logs", name)).Output).Contains("INIT_START", StringComparison.Ordinal));
            Assert.Contains($"INIT_START Runtime Version: python:{version}\tRuntime Version ARN: ", log, StringComparison.Ordinal);
            // The second one only claims to be of another version: what runs says the truth.
            Assert.Equal(!marked, log.Contains($"Runtime Version ARN: {arn}", StringComparison.Ordinal));
        }
    }

    private static string Text(JsonNode? node, string member) => node![member]!.GetValue<string>();
}
