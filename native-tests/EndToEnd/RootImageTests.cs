using System.Diagnostics;
using System.Text.Json.Nodes;
using Hearth.NativeTests.Harness;
using Xunit;

namespace Hearth.NativeTests.EndToEnd;

/// <summary>A node whose functions see an image of rootfs/build-image.sh instead of the machine's own /usr. Each function tells what it sees.</summary>
[Collection(EndToEndCollection.Name)]
public sealed class RootImageTests
{
    private const string Python = """
        import os, sys
        def h(event, context):
            return {"version": sys.version.split()[0], "programs": os.listdir("/usr/bin"), "etc": os.listdir("/etc"), "there": [p for p in event["paths"] if os.path.exists(p)]}
        """;

    private const string NodeJs = """
        const fs = require("fs")
        exports.h = async event => ({ version: process.versions.node, programs: fs.readdirSync("/usr/bin"), etc: fs.readdirSync("/etc"), there: event.paths.filter(p => fs.existsSync(p)) })
        """;

    [Fact]
    public async Task A_python_function_sees_the_image_and_nothing_of_the_machine()
    {
        var image = await RootImages.GetAsync("python");
        await using var node = await TestNode.StartAsync("--root", image);
        await node.Client.CreateAsync(new FunctionSettings("f", Handler: "m.h", TimeoutSeconds: 60), FunctionZip.Of(("m.py", Python)));
        await SeesOnlyTheImageAsync(node, image, "python");
        Assert.Equal(0, await node.StopAsync());
        await node.AssertNothingLeftAsync();
    }

    /// <summary>Number 993 is the handler's inside. On the host it may be anybody's.</summary>
    [Fact]
    public async Task A_file_of_a_host_account_with_the_handlers_number_is_nobodys()
    {
        var image = await RootImages.GetAsync("python");
        var path = $"{image}/usr/share/hearth-test-{Environment.ProcessId}";
        File.WriteAllText(path, "secret");
        try
        {
            Native.Chown(path, 993);
            File.SetUnixFileMode(path, UnixFileMode.UserRead);
            await using var node = await TestNode.StartAsync("--root", image);
            await node.Client.CreateAsync(new FunctionSettings("f", Handler: "m.h", TimeoutSeconds: 60), FunctionZip.Of(("m.py", """
                import os
                def h(event, context):
                    try:
                        error = open(event).read()
                    except OSError as e:
                        error = e.errno
                    return [os.getuid(), os.stat(event).st_uid, os.stat("/usr").st_uid, error]
                """)));
            var answer = await node.Client.InvokeAsync("f", JsonValue.Create("/usr/share/" + Path.GetFileName(path)).ToJsonString());
            Assert.True(answer.Succeeded, $"{answer}\n{node.Output}");
            Assert.Equal("[993,65534,0,13]", answer.Json.ToJsonString());
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>A tenant may lock any file that it may read. .NET asks for a lock of its own on each file that it opens, if it is let.</summary>
    [Fact]
    public async Task A_lock_that_a_tenant_holds_on_a_shared_file_keeps_the_agent_from_nothing()
    {
        var image = await RootImages.GetAsync("python");
        await using var node = await TestNode.StartAsync("--root", image);
        var before = node.Pid("hearth-agent");
        using (File.Open($"{node.Data}/root/etc/hearth-runtimes", FileMode.Open, FileAccess.ReadWrite, FileShare.None))
        {
            TestNode.Kill(before, Native.SigKill);
            await Patience.UntilAsync("the next agent says what it has", async () =>
                node.Pids("hearth-agent").Any(pid => pid != before)
                && await Cli.RunAsync(node, "runtimes", "--json") is (0, var output)
                && Installed(JsonNode.Parse(output)!["Runtimes"]!.AsArray(), "python") == ListOf(image)["python"]);
        }
    }

    [Fact]
    public async Task A_nodejs_function_sees_the_image_and_nothing_of_the_machine()
    {
        var image = await RootImages.GetAsync("nodejs");
        await using var node = await TestNode.StartAsync("--root", image);
        await node.Client.CreateAsync(new FunctionSettings("f", "nodejs20.x", "m.h", MemoryMb: 256, TimeoutSeconds: 60), FunctionZip.Of(("m.js", NodeJs)));
        await SeesOnlyTheImageAsync(node, image, "nodejs");
    }

    [Fact]
    public async Task A_dotnet_function_sees_the_image_and_nothing_of_the_machine()
    {
        var image = await RootImages.GetAsync("dotnet");
        await using var node = await TestNode.StartAsync("--root", image);
        var assembly = typeof(RootProbe).Assembly.GetName().Name!;
        await node.Client.CreateAsync(
            new FunctionSettings("f", "dotnet10", $"{assembly}::{typeof(RootProbe).FullName}::{nameof(RootProbe.Handle)}", MemoryMb: 512, TimeoutSeconds: 60),
            FunctionZip.OfFiles(Directory.EnumerateFiles(AppContext.BaseDirectory, "*.dll")));
        await SeesOnlyTheImageAsync(node, image, "dotnet");
    }

    [Fact]
    public async Task A_language_that_the_image_lacks_is_told_by_name()
    {
        var image = await RootImages.GetAsync("python");
        await using var node = await TestNode.StartAsync("--root", image);
        var refusal = await Record.ExceptionAsync(() => node.Client.CreateAsync(new FunctionSettings("f", "nodejs20.x", "m.h", MemoryMb: 256), FunctionZip.Of(("m.js", NodeJs))));
        Assert.NotNull(refusal);
        Assert.Contains("nodejs is not in the root image of this node; build one that has it (rootfs/build-image.sh nodejs)", refusal.Message, StringComparison.Ordinal);

        var (code, output) = await Cli.RunAsync(node, "runtimes", "--json");
        Assert.True(code == 0, output);
        var runtimes = JsonNode.Parse(output)!["Runtimes"]!.AsArray();
        Assert.Equal(ListOf(image)["python"], Installed(runtimes, "python"));
        Assert.Equal("", Installed(runtimes, "nodejs"));
        Assert.Equal("", Installed(runtimes, "dotnet"));
    }

    [Fact]
    public async Task Without_an_image_the_runtimes_are_the_machines()
    {
        Needs.Program("/usr/bin/python3", "python3");
        await using var node = await TestNode.StartAsync();
        var (code, output) = await Cli.RunAsync(node, "runtimes", "--json");
        Assert.True(code == 0, output);
        var (_, version) = await Cli.RunAsync(new ProcessStartInfo("/usr/bin/python3", ["--version"]));
        Assert.Equal(version.Trim(), "Python " + Installed(JsonNode.Parse(output)!["Runtimes"]!.AsArray(), "python"));
    }

    [Theory]
    [InlineData("absent", "is not a folder")]
    [InlineData("empty", "has no usr")]
    public async Task A_root_that_is_no_image_is_refused(string folder, string cause)
    {
        Needs.Node();
        var path = Directory.CreateTempSubdirectory("hearth-root-").FullName;
        try
        {
            Directory.CreateDirectory(Path.Combine(path, "empty"));
            var (code, output) = await Cli.RunAsync(new ProcessStartInfo(Published.Program("hearth"), ["up", "--port", "0", "--data", path + "/data", "--root", Path.Combine(path, folder)]));
            Assert.Equal(2, code);
            Assert.Contains(cause, output, StringComparison.Ordinal);
            Assert.False(Directory.Exists(path + "/data"), "nothing is half done");
        }
        finally
        {
            Directory.Delete(path, recursive: true);
        }
    }

    private static async Task SeesOnlyTheImageAsync(TestNode node, string image, string language)
    {
        // Every program of this machine that the image has not: a root that is a mixture of both would show some.
        var programs = Directory.EnumerateFileSystemEntries($"{image}/usr/bin").Select(Path.GetFileName).ToHashSet();
        string[] strange = [.. Directory.EnumerateFileSystemEntries("/usr/bin").Where(path => !programs.Contains(Path.GetFileName(path)))];
        Assert.NotEmpty(strange);
        var paths = new JsonArray([.. strange.Append("/etc/shadow").Append("/etc/machine-id").Append("/home/" + Environment.UserName).Append(node.Data).Select(path => (JsonNode)path)]);
        var answer = await node.Client.InvokeAsync("f", new JsonObject { ["paths"] = paths }.ToJsonString());
        Assert.True(answer.Succeeded, $"{answer}\n{node.Output}");
        Assert.Empty(answer.Json["there"]!.AsArray());
        Assert.Equal(programs.Order(StringComparer.Ordinal), answer.Json["programs"]!.AsArray().Select(name => name!.GetValue<string>()).Order(StringComparer.Ordinal));
        Assert.DoesNotContain("shadow", answer.Json["etc"]!.AsArray().Select(name => name!.GetValue<string>()));
        Assert.Equal(ListOf(image)[language], answer.Json["version"]!.GetValue<string>());
    }

    private static string Installed(JsonArray runtimes, string language) =>
        runtimes.First(one => one!["Language"]!.GetValue<string>() == language)!["InstalledVersion"]!.GetValue<string>();

    private static Dictionary<string, string> ListOf(string image) =>
        File.ReadLines($"{image}/etc/hearth-runtimes").Select(line => line.Split(' ')).ToDictionary(parts => parts[0], parts => parts[1]);
}
