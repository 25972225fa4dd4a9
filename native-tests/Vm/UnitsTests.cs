using System.Text.Json.Nodes;
using Hearth.NativeTests.EndToEnd;
using Hearth.NativeTests.Harness;
using Xunit;

namespace Hearth.NativeTests.Vm;

/// <summary>The three systemd units on a real systemd machine with cgroup v2, installed as an operator does it.</summary>
[Collection(SystemdMachine.CollectionName)]
public sealed class UnitsTests
{
    private const string Data = "/var/lib/hearth", Group = "/sys/fs/cgroup/system.slice/hearth-spawner.service";
    // Debian's own switch.
    private const string UserNamespaces = "/proc/sys/kernel/unprivileged_userns_clone";
    private static readonly string[] Units = ["hearth-spawner", "hearth-control-plane", "hearth-agent"];
    private static readonly string Install = SystemdMachine.Repository("agent/systemd/install.sh");

    [Fact]
    public async Task The_units_serve_recover_and_stop_without_a_trace()
    {
        SystemdMachine.Require();
        using var client = new LambdaClient(new Uri("http://127.0.0.1:9000"));
        var before = File.ReadAllText(UserNamespaces);
        try
        {
            // As on a hardened machine, and on Ubuntu by other means: only the privileged make user namespaces.
            await File.WriteAllTextAsync(UserNamespaces, "0", TestContext.Current.CancellationToken);
            await SystemdMachine.RunAsync(Install, Published.Folder);
            await AnswersAsync(client, deploy: true);
            // Once their programs are there: it looks for them, too.
            await SystemdMachine.RunAsync("/usr/bin/systemd-analyze", ["verify", .. Units.Select(unit => $"/etc/systemd/system/{unit}.service")]);
            await UsersAreRightAsync();
            await LimitsAreToldAsync(client);
            await UpIsRefusedAsync();
            foreach (var unit in Units)
                await RecoversAsync(client, unit);

            await StopAsync();
            await SystemdMachine.RunAsync("/usr/bin/systemctl", "start", "hearth-agent");
            // It wants the other two; what was deployed is still there.
            await AnswersAsync(client, deploy: false);
        }
        catch (Exception e) when (e is not Xunit.Sdk.IAssertionException)
        {
            Assert.Fail($"{e}\n{await SystemdMachine.JournalAsync()}");
        }
        finally
        {
            await SystemdMachine.TryAsync(Install, "--remove");
            await File.WriteAllTextAsync(UserNamespaces, before, CancellationToken.None);
        }

        Assert.False(File.Exists("/etc/systemd/system/hearth-agent.service"));
        await NothingLeftAsync();
    }

    [Fact]
    public async Task The_installer_replaces_nothing_while_a_node_runs_in_the_foreground()
    {
        SystemdMachine.Require();
        var path = Path.Combine(Directory.CreateDirectory(Data + "/run").FullName, "node.lock");
        await File.WriteAllTextAsync(path, "4711\n", TestContext.Current.CancellationToken);
        // As `up` holds it: flock.
        await using (new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None))
        {
            var (code, output) = await SystemdMachine.TryAsync(Install, Published.Folder);
            Assert.Equal(1, code);
            Assert.Contains($"a node runs on {Data} (pid 4711)", output, StringComparison.Ordinal);
        }

        Assert.False(Directory.Exists("/usr/lib/hearth"));
        Directory.Delete(Data, recursive: true);
    }

    private static async Task AnswersAsync(LambdaClient client, bool deploy)
    {
        await Patience.UntilAsync("the units serve", client.IsManagementUpAsync, 60);
        await RunsAtAllAsync();
        if (deploy)
            await client.CreateAsync(new FunctionSettings("f", TimeoutSeconds: 60), FunctionZip.OfFolder("EndToEnd/functions"));
        await Patience.UntilAsync("the function answers", async () => (await TryInvokeAsync(client)) is { Succeeded: true, Body: """{"do": "echo"}""" }, 60);
        Assert.NotEmpty(Directory.EnumerateDirectories(Group, "sb-*", SearchOption.AllDirectories));
    }

    /// <summary>Said at once, with the journal: that the spawner ends again and again would only be seen by a long wait for an answer.</summary>
    private static async Task RunsAtAllAsync()
    {
        for (var tries = 0; tries < 10; tries++)
        {
            var before = await MainPidAsync("hearth-spawner");
            await Task.Delay(TimeSpan.FromSeconds(2));
            if (before != 0 && before == await MainPidAsync("hearth-spawner"))
                return;
        }

        Assert.Fail($"hearth-spawner does not stay\n{await SystemdMachine.JournalAsync()}");
    }

    /// <summary>Each as its own user, without a capability it could use and without a way to more.</summary>
    private static async Task UsersAreRightAsync()
    {
        foreach (var (unit, uid, groups) in new[] { ("hearth-agent", "2000000001", ""), ("hearth-control-plane", "2000000002", "2000000001") })
        {
            var status = ProcessTable.Read(await MainPidAsync(unit), "status").Split('\n').Where(line => line.Contains(':')).ToDictionary(line => line.Split(':')[0], line => line.Split(':')[1].Trim());
            Assert.Equal(string.Join('\t', Enumerable.Repeat(uid, 4)), status["Uid"]);
            Assert.Equal(string.Join('\t', Enumerable.Repeat(uid, 4)), status["Gid"]);
            Assert.Equal(groups, status["Groups"]);
            Assert.Equal("1", status["NoNewPrivs"]);
            foreach (var set in (string[])["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"])
                Assert.Equal("0000000000000000", status[set]);
        }
    }

    private static async Task LimitsAreToldAsync(LambdaClient client)
    {
        var killed = await client.InvokeAsync("f", """{"do": "allocate", "megabytes": 400}""");
        Assert.Equal("Runtime.ExitError", killed.ErrorType);
        Assert.EndsWith("signal: killed", killed.Json["errorMessage"]!.GetValue<string>(), StringComparison.Ordinal);
        // systemd saw the kill in the unit's own group, too, and left the unit alone.
        Assert.Equal("active", await PropertyAsync("hearth-spawner", "ActiveState"));
        var written = await client.InvokeAsync("f", """{"do": "write_tmp", "megabytes": 300}""");
        Assert.True(written.Succeeded, written.ToString());
    }

    private static async Task UpIsRefusedAsync()
    {
        var (code, output) = await SystemdMachine.TryAsync(Published.Program("hearth"), "up", "--data", Data);
        Assert.Equal(5, code);
        Assert.Contains("systemd already runs a node on it (hearth-", output, StringComparison.Ordinal);
        Assert.Contains("systemctl stop hearth-agent", output, StringComparison.Ordinal);
    }

    private static async Task RecoversAsync(LambdaClient client, string unit)
    {
        var before = await MainPidAsync(unit);
        TestNode.Kill(before, Native.SigKill);
        await Patience.UntilAsync($"{unit} runs again", async () => await MainPidAsync(unit) is var now && now != 0 && now != before, 60);
        await AnswersAsync(client, deploy: false);
        await Patience.UntilAsync("one spawner's groups are all there is", () => Directory.EnumerateDirectories(Group, "sb-*", SearchOption.AllDirectories).All(IsPopulated), 60);
    }

    private static async Task StopAsync()
    {
        await SystemdMachine.RunAsync("/usr/bin/systemctl", "stop", "hearth-agent", "hearth-control-plane", "hearth-spawner");
        foreach (var unit in Units)
            Assert.Equal("success", await PropertyAsync(unit, "Result"));
        await NothingLeftAsync();
    }

    private static async Task NothingLeftAsync()
    {
        List<string> left = [];
        try
        {
            await Patience.UntilAsync("nothing is left", () => (left = [.. LeakCheck.Find(Data), .. Directory.Exists(Group) ? (string[])[Group] : []]).Count == 0);
        }
        catch (TimeoutException e)
        {
            Assert.Fail($"{e.Message}; left behind:\n{string.Join('\n', left)}");
        }
    }

    private static async Task<Invocation?> TryInvokeAsync(LambdaClient client)
    {
        try
        {
            return await client.InvokeAsync("f", new JsonObject { ["do"] = "echo" }.ToJsonString());
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    private static bool IsPopulated(string group)
    {
        try
        {
            return File.ReadAllText(group + "/cgroup.events").Contains("populated 1", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return true;
        }
    }

    private static async Task<int> MainPidAsync(string unit) => int.Parse(await PropertyAsync(unit, "MainPID"));

    private static async Task<string> PropertyAsync(string unit, string property) =>
        (await SystemdMachine.RunAsync("/usr/bin/systemctl", "show", "--value", "-p", property, unit)).Trim();
}
