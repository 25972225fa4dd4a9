using System.Diagnostics;
using System.Net;
using Hearth.NativeTests.Harness;
using Xunit;

namespace Hearth.NativeTests.EndToEnd;

/// <summary>Access keys on a real node, with those who really sign: Debian's aws and boto3, curl, @aws-sdk/client-lambda.</summary>
[Collection(EndToEndCollection.Name)]
public sealed class SignedClientsTests
{
    [Fact]
    public async Task Unmodified_clients_sign_and_are_who_they_are()
    {
        Needs.Program("/usr/lib/python3/dist-packages/boto3/__init__.py", "python3-boto3");
        Needs.Program("/usr/bin/aws", "awscli");
        Needs.Program("/usr/bin/curl", "curl");
        await using var node = await TestNode.StartAsync();
        var zip = Path.Combine(node.Data, "..", $"echo-{Environment.ProcessId}.zip");
        await File.WriteAllBytesAsync(zip, FunctionZip.Of(("handler.py", "def handle(event, context):\n    return event\n")), TestContext.Current.CancellationToken);
        try
        {
            string[] arguments = ["-B", "-I", Path.Combine(AppContext.BaseDirectory, "EndToEnd", "SignedClients.py"), node.Endpoint.ToString().TrimEnd('/'), Published.Program("hearth"), node.Data, zip, .. await SdkAsync()];
            var (code, output) = await Cli.RunAsync(new ProcessStartInfo("/usr/bin/python3", arguments));
            Assert.True(code == 0 && output.Contains("clients: ok", StringComparison.Ordinal), output + node.Output);
            await RemainsSecretAsync(node, output);
        }
        finally
        {
            File.Delete(zip);
        }

        Assert.Equal(0, await node.StopAsync());
        await node.AssertNothingLeftAsync();
    }

    // Neither a log nor a file that others can read holds a secret, and the agent checks signatures with the control plane away.
    private static async Task RemainsSecretAsync(TestNode node, string output)
    {
        var secret = output.Split('\n').Single(line => line.StartsWith("admin ", StringComparison.Ordinal)).Split(' ')[2].Trim();
        Assert.DoesNotContain(secret, node.Output, StringComparison.Ordinal);
        foreach (var log in Directory.EnumerateFiles(Path.Combine(node.Data, "log")))
            Assert.DoesNotContain(secret, await File.ReadAllTextAsync(log), StringComparison.Ordinal);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(node.Data, "agent", "snapshot.pb")));
        foreach (var folder in (string[])["agent", "control"])
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Path.Combine(node.Data, folder)));

        TestNode.Kill(node.Pid("hearth-control-plane"), Native.SigKill);
        using var http = new HttpClient { BaseAddress = node.Endpoint };
        using var answer = await http.PostAsync(new Uri("/2015-03-31/functions/f/invocations", UriKind.Relative), new StringContent("{}"));
        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
    }

    // Where npm is not to be had, the others sign all the same.
    private static async Task<string[]> SdkAsync() => File.Exists("/usr/bin/node") && File.Exists("/usr/bin/npm") ? [await Clients.FolderAsync()] : [];
}
