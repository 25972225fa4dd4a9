using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Xunit;

namespace Hearth.Agent.Tests.Hosting;

/// <summary>The agent as a program: what it says and how it ends. Needs the built hearth-agent beside the tests.</summary>
public sealed class ProgramTests : IDisposable
{
    private readonly string _data = Directory.CreateTempSubdirectory("hearth-agent-program-").FullName;

    public void Dispose() => Directory.Delete(_data, recursive: true);

    [Theory]
    [InlineData("", 2, "--data DIR is missing")]
    [InlineData("--data", 2, "--data needs a value")]
    [InlineData("--data D --port 70000", 2, "--port takes a number from 0 to 65535, not '70000'")]
    [InlineData("--data D --what 1", 2, "unknown option --what")]
    [InlineData("--data D --host example", 2, "--host takes an IP address")]
    [InlineData("--data D --freeze-after-ms 101", 2, "--freeze-after-ms takes a number from 0 to 100")]
    public async Task A_wrong_command_line_is_named(string arguments, int code, string says)
    {
        var (exit, _, error) = await RunAsync(arguments.Replace("D", _data, StringComparison.Ordinal).Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(code, exit);
        Assert.Contains(says, error.Replace(_data, "D", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Help_is_on_stdout()
    {
        var (exit, output, _) = await RunAsync("--help");
        Assert.Equal(0, exit);
        Assert.Contains("--memory-budget-mb", output);
    }

    [Fact]
    public async Task A_port_in_use_is_one_line_with_cause_and_fix()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        var (exit, _, error) = await RunAsync("--data", _data, "--port", $"{port}");
        Assert.Equal(1, exit);
        Assert.Contains($"hearth-agent: cannot listen on 127.0.0.1:{port}: another program uses the port", error);
        Assert.Contains("--port", error);
    }

    [Fact]
    public async Task Root_is_refused()
    {
        Assert.SkipUnless(Environment.UserName == "root", "needs root, to be refused");
        var (exit, _, error) = await RunAsync(allowRoot: false, "--data", _data);
        Assert.Equal(1, exit);
        Assert.Contains("refusing to run as root", error);
    }

    [Fact]
    public async Task SIGTERM_ends_it_cleanly_also_before_it_is_ready()
    {
        using var agent = Start(allowRoot: true, "--data", _data, "--port", "0");
        while (!File.Exists(Path.Join(_data, "agent", "agent-id")))
        {
            Assert.False(agent.HasExited);
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }
        using (var kill = Process.Start("/bin/kill", ["-TERM", $"{agent.Id}"]))
            await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
        await agent.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, agent.ExitCode);
    }

    private static Task<(int Exit, string Output, string Error)> RunAsync(params string[] arguments) => RunAsync(allowRoot: true, arguments);

    private static async Task<(int Exit, string Output, string Error)> RunAsync(bool allowRoot, params string[] arguments)
    {
        using var agent = Start(allowRoot, arguments);
        var output = agent.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var error = agent.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await agent.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (agent.ExitCode, await output, await error);
    }

    private static Process Start(bool allowRoot, params string[] arguments)
    {
        // The tests' own list of assemblies knows where they lie here; the agent's own knows its published layout.
        var dotnet = Path.GetFullPath(Path.Join(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", "dotnet"));
        var start = new ProcessStartInfo(dotnet) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])["exec", "--depsfile", Beside("Hearth.Agent.Tests.deps.json"), "--runtimeconfig", Beside("hearth-agent.runtimeconfig.json"), Beside("hearth-agent.dll")])
            start.ArgumentList.Add(argument);
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        start.Environment["HEARTH_AGENT_ALLOW_ROOT"] = allowRoot ? "1" : "";
        return Process.Start(start)!;
    }

    private static string Beside(string file) => Path.Join(AppContext.BaseDirectory, file);
}
