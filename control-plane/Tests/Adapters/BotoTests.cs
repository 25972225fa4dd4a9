using System.Diagnostics;
using Hearth.ControlPlane.Tests.Support;
using Xunit;

namespace Hearth.ControlPlane.Tests.Adapters;

/// <summary>An unmodified AWS client against the REST API. Needs Debian's python3-boto3.</summary>
public class BotoTests
{
    private const string Python = "/usr/bin/python3";

    [Fact]
    public async Task Boto3LivesWithIt()
    {
        await RequireBotoAsync();
        await using TestServer server = await TestServer.StartAsync(tcp: true);
        using var folder = new TempFolder();
        (int code, string output) = await RunAsync(
            Path.Join(AppContext.BaseDirectory, "boto.py"), $"http://127.0.0.1:{server.RestPort}", folder.File("1.zip", Zips.Good("1")), folder.File("2.zip", Zips.Good("2")));
        Assert.True(code == 0 && output.Contains("boto: ok", StringComparison.Ordinal), output);
    }

    [Fact]
    public async Task EveryOperationOfBoto3IsAnswered()
    {
        await RequireBotoAsync();
        await using TestServer server = await TestServer.StartAsync(tcp: true);
        using var folder = new TempFolder();
        (int code, string output) = await RunAsync(
            Path.Join(AppContext.BaseDirectory, "operations.py"), $"http://127.0.0.1:{server.RestPort}",
            folder.File("1.zip", Zips.Good("1")), folder.File("2.zip", Zips.Good("2")), folder.File("3.zip", Zips.Good("3")));
        Assert.True(code == 0 && output.Contains("operations: 63 ok", StringComparison.Ordinal), output);
        string[] succeeded = output.Split('\n').Single(l => l.StartsWith("succeeded: ", StringComparison.Ordinal))["succeeded: ".Length..].Split(' ');
        OperationTable.Check(succeeded);
    }

    [Fact]
    public async Task HostileMembersAreRefusedWithATypeWhateverTheOperation()
    {
        await RequireBotoAsync();
        await using TestServer server = await TestServer.StartAsync(tcp: true);
        using var folder = new TempFolder();
        (int code, string output) = await RunAsync(Path.Join(AppContext.BaseDirectory, "hostile.py"), $"http://127.0.0.1:{server.RestPort}", folder.File("1.zip", Zips.Good("1")), Path.Join(server.Data, "control"), Path.Join(AppContext.BaseDirectory, "lambda-model.txt"));
        // All but the three that the agent serves.
        Assert.True(code == 0 && output.Contains(" of 85 operations ok", StringComparison.Ordinal), output);
        // Whatever was accepted can be read again.
        await server.RestartAsync();
        await server.DoAsync("GET", "/2015-03-31/functions/?FunctionVersion=ALL");
    }

    [Theory]
    [InlineData("iam.py", "iam: ok")]
    [InlineData("logs.py", "logs: ok")]
    [InlineData("hostile_services.py", "operations ok")]
    public async Task TheServicesBesideLambdaAnswerAsTheirModelsSay(string script, string says)
    {
        await RequireBotoAsync();
        await using TestServer server = await TestServer.StartAsync(tcp: true);
        (int code, string output) = await RunAsync(Path.Join(AppContext.BaseDirectory, script), $"http://127.0.0.1:{server.RestPort}", Path.Join(server.Data, "control"));
        Assert.True(code == 0 && output.Contains(says, StringComparison.Ordinal), output);
    }

    private static async Task RequireBotoAsync()
    {
        if (!File.Exists(Python) || (await RunAsync("-c", "import boto3")).Code != 0)
            Assert.Skip("needs python3-boto3: apt-get install python3-boto3");
    }

    private static async Task<(int Code, string Output)> RunAsync(params string[] args)
    {
        using Process process = Process.Start(new ProcessStartInfo(Python, args) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        string output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, output + await error);
    }
}
