using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Hearth.NativeTests.Harness;
using Xunit;

namespace Hearth.NativeTests.EndToEnd;

/// <summary>A node that cannot start says in one line what is wrong and what to do, with an exit code that means something, and has made nothing.</summary>
[Collection(EndToEndCollection.Name)]
public sealed class RefusedUpTests
{
    [Fact]
    public async Task A_port_in_use_is_named_with_its_owner()
    {
        Needs.Node();
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        var data = Data();
        var (code, error) = await UpAsync([], ["--data", data, "--port", $"{port}"]);
        AssertOneLine(error, $"127.0.0.1:{port}: is in use by pid {Environment.ProcessId}", "choose another with --port");
        Assert.Equal(5, code);
        // Only the data directory's skeleton is there; nothing of it runs.
        Assert.Empty(LeakCheck.Find(data));
        Directory.Delete(data, recursive: true);
    }

    [Fact]
    public async Task Another_address_than_loopback_without_access_keys()
    {
        Needs.Node();
        var data = Data();
        var (code, error) = await UpAsync([], ["--data", data, "--port", "0", "--host", "0.0.0.0"]);
        Assert.Contains("0.0.0.0 is not loopback, and no access keys exist", error, StringComparison.Ordinal);
        Assert.Contains("hearth keys create --role admin", error, StringComparison.Ordinal);
        Assert.Equal(6, code);
        Assert.Empty(LeakCheck.Find(data));
        Directory.Delete(data, recursive: true);
    }

    [Fact]
    public async Task Not_root()
    {
        Needs.Node();
        var data = Data();
        // A clone may lie where other users cannot read: the program is copied to where they can.
        var folder = Directory.CreateDirectory(data + "-bin").FullName;
        try
        {
            foreach (var file in Directory.EnumerateFiles(Published.Folder, "*.so").Append(Published.Program("hearth")))
                File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
            File.SetUnixFileMode(folder, (UnixFileMode)Convert.ToInt32("755", 8));
            var (code, error) = await UpAsync(["/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"], ["--data", data, "--port", "0"], Path.Combine(folder, "hearth"));
            AssertOneLine(error, "up: needs root", $"run: sudo hearth up --data {data}");
            Assert.Equal(5, code);
            Assert.False(Directory.Exists(data));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task An_interpreter_that_is_not_there_is_named()
    {
        Needs.Node();
        var data = Data();
        var (code, error) = await UpAsync([], ["--data", data, "--port", "0", "--runtime", "python3.9=/usr/bin/absent"]);
        AssertOneLine(error, "--runtime python3.9=/usr/bin/absent: /usr/bin/absent is not there", "name an interpreter below /usr");
        Assert.Equal(5, code);
        Assert.Empty(LeakCheck.Find(data));
        Directory.Delete(data, recursive: true);
    }

    [Fact]
    public async Task A_missing_package_is_named()
    {
        Needs.Node();
        var data = Data();
        var (code, error) = await UpAsync(RefusedWithout.Programs("/usr/bin/setpriv"), ["--data", data, "--port", "0"]);
        AssertOneLine(error, "/usr/bin/setpriv: is missing", "run: apt-get install util-linux");
        Assert.Equal(6, code);
        Assert.False(Directory.Exists(data));
    }

    [Fact]
    public async Task A_data_directory_where_nothing_could_run()
    {
        Needs.Node();
        var data = Data();
        Directory.CreateDirectory(data);
        try
        {
            var (code, error) = await UpAsync(["/usr/bin/unshare", "-m", "/bin/sh", "-c", $"mount -t tmpfs -o noexec tmpfs {data} && exec \"$@\"", "sh"], ["--data", data + "/node", "--port", "0"]);
            AssertOneLine(error, "is mounted noexec", "choose another with --data");
            Assert.Equal(2, code);
            Assert.Empty(Directory.EnumerateFileSystemEntries(data));
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    [Fact]
    public async Task A_second_node_on_the_same_data()
    {
        await using var node = await TestNode.StartAsync();
        var (code, error) = await UpAsync([], ["--data", node.Data, "--port", "0"]);
        AssertOneLine(error, $"a node is already running on it (pid {node.UpPid})", "");
        Assert.Equal(5, code);
        Assert.True(await node.Client.IsManagementUpAsync());
    }

    private static string Data() => Path.Combine(Environment.GetEnvironmentVariable("HEARTH_TEST_DATA") is { Length: > 0 } chosen ? chosen : "/var/tmp", $"hearth-test-{Environment.ProcessId}-{Guid.NewGuid().ToString("N")[..8]}");

    private static async Task<(int Code, string Error)> UpAsync(string[] wrapper, string[] arguments, string? program = null)
    {
        string[] command = [.. wrapper, program ?? Published.Program("hearth"), "up", .. arguments];
        using var up = Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        try
        {
            var output = up.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            var error = await up.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken).WaitAsync(Patience.Seconds(60), TestContext.Current.CancellationToken);
            await up.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.Equal("", await output);
            return (up.ExitCode, error);
        }
        finally
        {
            if (!up.HasExited)
                up.Kill();
        }
    }

    private static void AssertOneLine(string error, string cause, string fix)
    {
        Assert.True(error.TrimEnd().Split('\n').Length == 1 && error.StartsWith("hearth: ", StringComparison.Ordinal), error);
        Assert.Contains(cause, error, StringComparison.Ordinal);
        Assert.Contains(fix, error, StringComparison.Ordinal);
    }
}
