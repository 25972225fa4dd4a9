using Hearth.ControlPlane.Tests.Support;
using Xunit;

namespace Hearth.ControlPlane.Tests.Processes;

public class StartTests
{
    private const string Ready = "hearth-control-plane: ready";

    [Fact]
    public async Task SaysReadyAndStopsCleanly()
    {
        using var data = new TempFolder();
        using var server = new ServerProcess("--data", data.Path);
        Assert.Equal(Ready, await server.FirstLineAsync());
        foreach (string socket in new[] { "rest.sock", "grpc.sock" })
            Assert.Equal((UnixFileMode)0x1B0, File.GetUnixFileMode(Path.Join(data.Path, "run", "control", socket)));
        server.Terminate();
        Assert.Equal(0, (await server.EndAsync()).Code);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Join(data.Path, "run", "control")));
    }

    [Fact]
    public async Task ReplacesStaleSocketsButNotALivingServer()
    {
        using var data = new TempFolder();
        using (var first = new ServerProcess("--data", data.Path))
        {
            Assert.Equal(Ready, await first.FirstLineAsync());
            using var rival = new ServerProcess("--data", data.Path);
            (int code, _, string error) = await rival.EndAsync();
            Assert.Equal(1, code);
            Assert.Contains("another control plane runs on this data directory", error, StringComparison.Ordinal);
            first.Kill();
        }

        using var second = new ServerProcess("--data", data.Path);
        Assert.Equal(Ready, await second.FirstLineAsync());
    }

    [Fact]
    public async Task PortInUseIsNamed()
    {
        using var data = new TempFolder();
        using var taken = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        taken.Start();
        int port = ((System.Net.IPEndPoint)taken.LocalEndpoint).Port;
        using var server = new ServerProcess("--data", data.Path, "--grpc-port", $"{port}");
        (int code, _, string error) = await server.EndAsync();
        Assert.Equal(1, code);
        Assert.Contains($":{port}", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--data DIR is missing")]
    [InlineData("unknown option --nope", "--nope", "1")]
    [InlineData("--grpc-port takes a number from 0 to 65535, not 'x'", "--data", "/nonexistent", "--grpc-port", "x")]
    [InlineData("--account takes 12 digits", "--data", "/nonexistent", "--account", "1")]
    public async Task BadOptionsAreExplained(string says, params string[] args)
    {
        using var server = new ServerProcess(args);
        (int code, _, string error) = await server.EndAsync();
        Assert.Equal(2, code);
        Assert.Contains(says, error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task DatabaseOfANewerVersionIsRefused()
    {
        using var data = new TempFolder();
        using (var server = new ServerProcess("--data", data.Path))
        {
            Assert.Equal(Ready, await server.FirstLineAsync());
            server.Terminate();
            await server.EndAsync();
        }

        using (var database = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={Path.Join(data.Path, "control", "hearth.db")};Pooling=False"))
        {
            database.Open();
            using Microsoft.Data.Sqlite.SqliteCommand command = database.CreateCommand();
            command.CommandText = "INSERT INTO schema_version VALUES (99)";
            command.ExecuteNonQuery();
        }

        using var older = new ServerProcess("--data", data.Path);
        (int code, _, string error) = await older.EndAsync();
        Assert.Equal(1, code);
        Assert.Contains("written by a newer Hearth", error, StringComparison.Ordinal);
    }
}
