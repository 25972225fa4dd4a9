using Xunit;

namespace Hearth.Cli.Tests;

/// <summary>Wrong command lines: one line on stderr, exit code 2, the cause and where to read on.</summary>
public sealed class UsageTests
{
    [Theory]
    [InlineData("not a command", "deplyo")]
    [InlineData("--memory 64 is out of range: 128 to 10240", "deploy", ".", "--name", "n", "--runtime", "python", "--handler", "a.b", "--memory", "64")]
    [InlineData("--timeout 901 is out of range: 1 to 900", "deploy", ".", "--name", "n", "--runtime", "python", "--handler", "a.b", "--timeout", "901")]
    [InlineData("--name 'a b' is not a name", "deploy", ".", "--name", "a b", "--runtime", "python", "--handler", "a.b")]
    [InlineData("'--handler' is required", "deploy", ".", "--name", "n", "--runtime", "python")]
    [InlineData("has no name; write K=V", "deploy", ".", "--name", "n", "--runtime", "python", "--handler", "a.b", "--env", "novalue")]
    [InlineData("is no variable name", "deploy", ".", "--name", "n", "--runtime", "python", "--handler", "a.b", "--env", "9A=1")]
    [InlineData("is not an age", "logs", "n", "--since", "yesterday")]
    [InlineData("exclude each other", "usage", "--json", "--csv")]
    [InlineData("--role 'root' is not a role", "keys", "create", "--role", "root")]
    [InlineData("'--role' is required", "keys", "create")]
    [InlineData("--burst-rate 0 is out of range: 1 to 1000000", "up", "--burst-rate", "0")]
    [InlineData("'--path' is required", "routes", "add", "--function", "f", "--shape", "alb")]
    [InlineData("is out of range: 0 to 65535", "up", "--port", "70000")]
    [InlineData("--region 'US East' is not a region", "up", "--region", "US East")]
    [InlineData("--account '12' is not an account", "up", "--account", "12")]
    [InlineData("--runtime 'python3.9=/opt/python' is not a runtime id and a path below /usr", "up", "--runtime", "python3.12=/usr/bin/python3", "--runtime", "python3.9=/opt/python")]
    [InlineData("--runtime 'java21=/usr/bin/java' is not a runtime id and a path below /usr", "up", "--runtime", "java21=/usr/bin/java")]
    [InlineData("--concurrency 0 is out of range: 1 to 1000000", "up", "--concurrency", "0")]
    public async Task A_wrong_command_line_is_one_line_and_exit_code_2(string cause, params string[] arguments)
    {
        var outcome = await CommandLine.RunAsync(arguments);
        Assert.Equal(2, outcome.ExitCode);
        Assert.StartsWith("hearth: ", outcome.Error);
        Assert.Contains(cause, outcome.Error);
        Assert.Single(outcome.Error.TrimEnd().Split('\n'));
        Assert.Empty(outcome.Output);
    }

    [Theory]
    [InlineData("ls")]
    [InlineData("ps")]
    [InlineData("usage")]
    [InlineData("runtimes")]
    [InlineData("top")]
    [InlineData("routes", "ls")]
    [InlineData("routes", "rm", "x")]
    [InlineData("invoke", "n")]
    [InlineData("logs", "n")]
    [InlineData("rm", "n")]
    [InlineData("keys", "ls")]
    public async Task Without_a_node_the_exit_code_is_4_and_the_line_says_how_to_start_one(params string[] arguments)
    {
        using var folder = new TemporaryFolder();
        var outcome = await CommandLine.RunAsync([.. arguments, "--data", folder.Path]);
        Assert.Equal(4, outcome.ExitCode);
        Assert.EndsWith($"start one with: sudo hearth up --data {folder.Path}\n", outcome.Error);
    }

    [Theory]
    [InlineData("./hearth")]
    [InlineData("/src/hearth/hearth")]
    public async Task Called_by_the_script_of_a_clone_the_line_names_that_script(string typed)
    {
        using var folder = new TemporaryFolder();
        var outcome = await CommandLine.RunAsync(CommandLine.Start(["ls", "--data", folder.Path], ("HEARTH_COMMAND", typed)));
        Assert.EndsWith($"start one with: sudo {typed} up --data {folder.Path}\n", outcome.Error);
    }

    [Fact]
    public async Task A_socket_that_nobody_serves_is_told_with_its_data_directory()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(Path.Combine(folder.Path, "run", "control"));
        File.WriteAllText(Path.Combine(folder.Path, "run", "control", "grpc.sock"), "");
        var outcome = await CommandLine.RunAsync("ls", "--data", folder.Path);
        Assert.Equal(4, outcome.ExitCode);
        Assert.EndsWith($"start one with: sudo hearth up --data {folder.Path}\n", outcome.Error);
    }

    [Fact]
    public async Task Without_a_word_it_shows_what_there_is()
    {
        var outcome = await CommandLine.RunAsync();
        Assert.Equal(0, outcome.ExitCode);
        Assert.Contains("Usage:", outcome.Output);
        foreach (var command in (string[])["up", "deploy", "invoke", "logs", "doctor"])
            Assert.Matches($"\n  {command} ", outcome.Output);
        Assert.Empty(outcome.Error);
    }

    [Fact]
    public async Task A_payload_file_is_read_and_not_taken_for_arguments()
    {
        using var folder = new TemporaryFolder();
        var outcome = await CommandLine.RunAsync("invoke", "n", "--payload", "@" + folder.File("event.json", "{\"a b\": \"--c d\"}"), "--data", folder.Path);
        Assert.Equal(4, outcome.ExitCode);
        outcome = await CommandLine.RunAsync("invoke", "n", "--payload", "@" + folder.File("event.json", "no json"), "--data", folder.Path);
        Assert.Contains("is not JSON", outcome.Error);
    }

    [Theory]
    [InlineData("up")]
    [InlineData("deploy")]
    [InlineData("invoke")]
    [InlineData("logs")]
    [InlineData("ls")]
    [InlineData("ps")]
    [InlineData("top")]
    [InlineData("usage")]
    [InlineData("rm")]
    [InlineData("runtimes")]
    [InlineData("routes")]
    [InlineData("doctor")]
    [InlineData("version")]
    public async Task Every_command_has_a_purpose_and_an_example(string command)
    {
        var outcome = await CommandLine.RunAsync(command, "--help");
        Assert.Equal(0, outcome.ExitCode);
        Assert.Contains("Description:", outcome.Output);
        Assert.Matches("Example:\n  .*hearth " + command, outcome.Output);
    }
}
