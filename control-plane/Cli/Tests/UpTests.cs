using System.Net;
using System.Net.Sockets;
using Mono.Unix.Native;
using Xunit;

namespace Hearth.Cli.Tests;

/// <summary>hearth up as a process, over stand-ins for the three programs. Needs root.</summary>
public sealed class UpTests
{
    private static readonly string[] Names = ["hearth-spawner", "hearth-control-plane", "hearth-agent"];

    [Fact]
    public async Task Processes_get_their_users_and_stop_in_order()
    {
        TemporaryFolder.RequireRoot();
        using var node = new FakeNode();
        await node.ReadyAsync();
        Assert.Equal(["0", "2000000002", "2000000001"], Names.Select(name => node.Lives(name).Single().User));
        _ = Syscall.kill(node.Up.Id, Signum.SIGTERM);
        await node.Up.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, node.Up.ExitCode);
        Assert.Equal(["hearth-agent", "hearth-spawner", "hearth-control-plane"], node.Stopped);
    }

    [Fact]
    public async Task A_process_that_dies_is_started_again_and_one_line_says_so()
    {
        TemporaryFolder.RequireRoot();
        using var node = new FakeNode();
        await node.ReadyAsync();
        foreach (var name in Names)
        {
            _ = Syscall.kill(node.Lives(name)[0].Pid, Signum.SIGKILL);
            await node.UntilAsync(() => node.Lives(name).Count == 2, name + " is started again");
            await node.UntilAsync(() => node.Output.Any(line => line.StartsWith($"hearth: {name} was ended by signal 9; restarting it", StringComparison.Ordinal)), "the line about it");
        }
        Assert.False(node.Up.HasExited);
    }

    [Fact]
    public async Task A_process_that_was_at_work_is_started_again_at_once_each_time()
    {
        TemporaryFolder.RequireRoot();
        using var node = new FakeNode();
        await node.ReadyAsync();
        for (var life = 0; life < 3; life++)
        {
            await node.UntilAsync(() => node.Readies("hearth-agent") == life + 1, "it is ready");
            // Well over the second after which it counts as started.
            await Task.Delay(TimeSpan.FromSeconds(3), TestContext.Current.CancellationToken);
            _ = Syscall.kill(node.Lives("hearth-agent")[life].Pid, Signum.SIGKILL);
            await node.UntilAsync(() => node.Lives("hearth-agent").Count == life + 2, "it is started again");
        }

        Assert.DoesNotContain(node.Output, line => line.Contains("restarting it in", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Kill_9_of_up_takes_the_processes_with_it()
    {
        TemporaryFolder.RequireRoot();
        using var node = new FakeNode();
        await node.ReadyAsync();
        node.Up.Kill();
        foreach (var name in Names)
            await node.UntilAsync(() => !FakeNode.Lives(node.Lives(name)[0].Pid), name + " has ended");
    }

    [Fact]
    public async Task A_second_node_on_the_same_data_is_refused_with_the_pid_of_the_first()
    {
        TemporaryFolder.RequireRoot();
        using var node = new FakeNode();
        await node.ReadyAsync();
        using var second = node.Start();
        await second.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(5, second.ExitCode);
        await node.UntilAsync(() => node.Output.Any(line => line.Contains($"a node is already running on it (pid {node.Up.Id})", StringComparison.Ordinal)), "the refusal");
        Assert.False(node.Up.HasExited);
    }

    [Fact]
    public async Task A_process_that_does_not_start_ends_the_node_with_its_last_lines()
    {
        TemporaryFolder.RequireRoot();
        using var node = new FakeNode(agentStart: "echo 'no such thing as tmp' >&2; exit 3");
        await node.Up.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(6, node.Up.ExitCode);
        Assert.Contains(node.Output, line => line.Contains("hearth-agent | no such thing as tmp", StringComparison.Ordinal));
        Assert.Contains(node.Output, line => line.Contains("hearth-agent: did not start: it ended with code 3", StringComparison.Ordinal));
        Assert.Equal(["hearth-spawner", "hearth-control-plane"], node.Stopped);
    }

    [Theory]
    [InlineData("exit 3")]
    [InlineData("echo 'hearth-agent: ready http://127.0.0.1:1'", "--verbose")]
    public async Task What_a_process_prints_does_not_drive_the_terminal(string then, params string[] arguments)
    {
        TemporaryFolder.RequireRoot();
        using var node = new FakeNode($"printf '\\033]0;title\\007\\n' >&2; {then}", arguments);
        await node.UntilAsync(() => node.Output.Contains("hearth-agent | \\x1b]0;title\\x07") || node.Output.Contains("  hearth-agent | \\x1b]0;title\\x07"), "the line is shown");
        Assert.DoesNotContain(node.Output, line => line.Contains('\x1b'));
    }

    [Fact]
    public async Task The_data_directory_has_the_owners_and_modes_of_ARCHITECTURE_md()
    {
        TemporaryFolder.RequireRoot();
        using var node = new FakeNode();
        await node.ReadyAsync();
        Assert.Equal("0:0 755", Describe(node.Data));
        Assert.Equal("0:0 755", Describe(node.Data + "/bin"));
        Assert.Equal("2000000001:2000000001 755", Describe(node.Data + "/code"));
        Assert.Equal("2000000001:2000000001 700", Describe(node.Data + "/agent"));
        Assert.Equal("2000000002:2000000002 700", Describe(node.Data + "/control"));
        Assert.Equal("0:0 700", Describe(node.Data + "/tmp"));
        Assert.Equal("2000000002:2000000001 750", Describe(node.Data + "/run/control"));
    }

    [Fact]
    public async Task A_port_in_use_is_named_with_its_owner_before_anything_starts()
    {
        TemporaryFolder.RequireRoot();
        using var folder = new TemporaryFolder();
        foreach (var name in Names) folder.File(name, "#!/bin/sh\nexit 9", executable: true);
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        using var up = CommandLine.Start(["up", "--port", port.ToString(), "--data", folder.Path + "/data"], ("HEARTH_BIN", folder.Path));
        var error = await up.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await up.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(5, up.ExitCode);
        Assert.Contains($"127.0.0.1:{port}: is in use by pid {Environment.ProcessId}", error);
    }

    private static string Describe(string path)
    {
        Assert.Equal(0, Syscall.lstat(path, out var status));
        return $"{status.st_uid}:{status.st_gid} {Convert.ToString((int)status.st_mode & 0xFFF, 8)}";
    }
}
