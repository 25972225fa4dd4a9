using System.Globalization;
using System.Text.RegularExpressions;
using Hearth.NativeTests.Harness;
using Xunit;

namespace Hearth.NativeTests.Vm;

/// <summary>
/// <c>hearth up</c> typed into a login shell of a systemd machine: the shell's group cannot be divided, so <c>up</c> goes on in a scope of its own, and to the
/// terminal that is the same process.
/// </summary>
[Collection(SystemdMachine.CollectionName)]
public sealed partial class UpOnSystemdTests
{
    private const string Data = "/var/lib/hearth-up";
    private static readonly string Up = $"{Published.Program("hearth")} up --port 9001 --data {Data}";

    [Fact]
    public async Task Up_from_a_login_shell_serves_and_ends_with_ctrl_c()
    {
        SystemdMachine.Require();
        using var shell = await StartAsync();
        var up = UpPid();
        Assert.Matches(@"^0::/system\.slice/run-[^/]+\.scope/", ProcessTable.Read(up, "cgroup"));
        // To the shell it is the process that it started.
        Assert.Equal("bash", ProcessTable.Read(int.Parse(ParentLine().Match(ProcessTable.Read(up, "status")).Groups[1].Value, CultureInfo.InvariantCulture), "comm").Trim());
        await FunctionAnswersAsync();

        var from = shell.Screen.Length;
        shell.CtrlC();
        await shell.AwaitAsync("code=130.", from);
        await NothingLeftAsync();
    }

    [Fact]
    public async Task Up_ends_when_its_terminal_does()
    {
        SystemdMachine.Require();
        using var shell = await StartAsync();
        shell.HangUp();
        await NothingLeftAsync();
    }

    [Fact]
    public async Task Kill_9_of_up_leaves_no_process_and_no_scope()
    {
        SystemdMachine.Require();
        using var shell = await StartAsync();
        var from = shell.Screen.Length;
        TestNode.Kill(UpPid(), Native.SigKill);
        await shell.AwaitAsync("code=137.", from);
        await NothingLeftAsync();
    }

    [Fact]
    public async Task Its_exit_code_is_passed_on()
    {
        SystemdMachine.Require();
        using var shell = new LoginShell();
        Assert.Contains("is a network file system (virtiofs)", await shell.SeeAsync($"{Published.Program("hearth")} up --data /run/hearth-vm/data; echo code=$?.", "code=2."), StringComparison.Ordinal);
    }

    private static async Task<LoginShell> StartAsync()
    {
        var shell = new LoginShell();
        // Precondition: a session's scope, where the shell lives too. Without it the test would show nothing.
        Assert.Matches(@"0::/user\.slice/user-0\.slice/session-[^/]+\.scope", await shell.SeeAsync("cat /proc/self/cgroup; echo in=$?.", "in=0."));
        var from = shell.Screen.Length;
        shell.Type($"{Up}; echo code=$?.\n");
        await shell.AwaitAsync("node ready in", from);
        return shell;
    }

    private static int UpPid() => ProcessTable.Pids().Single(pid => ProcessTable.Read(pid, "cmdline").Replace('\0', ' ').Trim() == Up);

    private static async Task FunctionAnswersAsync()
    {
        using var client = new LambdaClient(new Uri("http://127.0.0.1:9001"));
        await Patience.UntilAsync("management answers", client.IsManagementUpAsync);
        await client.CreateAsync(new FunctionSettings("f", TimeoutSeconds: 60), FunctionZip.OfFolder("EndToEnd/functions"));
        var answer = await client.InvokeAsync("f", """{"do": "limits"}""");
        Assert.True(answer.Succeeded, answer.ToString());
        Assert.Equal(993, answer.Json["uid"]!.GetValue<int>());
    }

    private static async Task NothingLeftAsync()
    {
        await Patience.UntilAsync("all of it is gone", () => LeakCheck.Find(Data).Count == 0);
        await Patience.UntilAsync("its scope is gone", async () => !(await SystemdMachine.RunAsync("/usr/bin/systemctl", "list-units", "--all", "--type=scope", "--plain", "--no-legend")).Contains("hearth up", StringComparison.Ordinal));
        Directory.Delete(Data, recursive: true);
    }

    [GeneratedRegex(@"^PPid:\s+(\d+)$", RegexOptions.Multiline)]
    private static partial Regex ParentLine();
}
