using System.Net.Sockets;
using System.Text.Json;
using Hearth.ControlPlane.Tests.Adapters;
using Hearth.ControlPlane.Tests.Support;
using Xunit;

namespace Hearth.ControlPlane.Tests.Processes;

/// <summary>kill -9 while functions are created, updated and deleted: afterwards every function there is has its code, and nothing acknowledged is lost.</summary>
public class KillTests
{
    [Fact]
    public async Task KilledAnywhereItComesBackWhole()
    {
        using var data = new TempFolder();
        var random = new Random(42);
        var acknowledged = new Dictionary<string, string>();
        for (int round = 0; round < 12; round++)
        {
            using var server = new ServerProcess("--data", data.Path);
            Assert.Equal("hearth-control-plane: ready", await server.FirstLineAsync());
            using HttpClient http = Client(data.Path);
            await CheckAsync(http, data.Path, acknowledged);
            await WorkUntilKilledAsync(server, http, acknowledged, random);
        }
    }

    private static async Task WorkUntilKilledAsync(ServerProcess server, HttpClient http, Dictionary<string, string> acknowledged, Random random)
    {
        var api = new RestAdapter(http);
        Task killing = Task.Delay(random.Next(5, 120)).ContinueWith(_ => server.Kill(), TaskScheduler.Default);
        try
        {
            for (int i = 0; ; i++)
            {
                string name = $"f{random.Next(6)}";
                byte[] zip = Zips.Good(new string('x', random.Next(1, 50_000)) + Guid.NewGuid());
                bool exists = acknowledged.Remove(name, out _);
                // While a change is under way either state is right: the name is out of the table until it is acknowledged.
                Outcome outcome = i % 5 == 4 && exists ? await api.DeleteAsync(name, null)
                    : exists ? await api.UpdateCodeAsync(name, zip)
                    : await api.CreateAsync(new Settings { Name = name }, zip);
                if (outcome.Code == "ok" && outcome.Sha256.Length > 0)
                    acknowledged[name] = outcome.Sha256;
                else if (outcome.Code == "ResourceConflictException")
                    acknowledged[name] = (await api.GetAsync(name, null)).Sha256;
            }
        }
        catch (HttpRequestException)
        {
            // Killed.
        }

        await killing;
    }

    private static async Task CheckAsync(HttpClient http, string data, Dictionary<string, string> acknowledged)
    {
        JsonElement list = JsonElement.Parse(await http.GetStringAsync("/2015-03-31/functions"));
        var found = list.GetProperty("Functions").EnumerateArray().ToDictionary(f => f.GetProperty("FunctionName").GetString()!, f => f.GetProperty("CodeSha256").GetString()!);
        foreach ((string name, string sha256) in acknowledged)
            Assert.Equal(sha256, found[name]);
        string[] blobs = [.. Directory.EnumerateFiles(Path.Join(data, "control", "blobs"), "*", SearchOption.AllDirectories).Select(p => Path.GetFileName(p)).Order()];
        Assert.Equal(found.Values.Select(s => Convert.ToHexStringLower(Convert.FromBase64String(s))).Distinct().Order(), blobs);
        foreach (string blob in blobs)
        {
            byte[] bytes = await File.ReadAllBytesAsync(Path.Join(data, "control", "blobs", blob));
            Assert.Equal(blob, Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes)));
        }
    }

    private static HttpClient Client(string data) => new(new SocketsHttpHandler
    {
        ConnectCallback = async (_, cancellationToken) =>
        {
            var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                await connection.ConnectAsync(new UnixDomainSocketEndPoint(Path.Join(data, "run", "control", "rest.sock")), cancellationToken);
            }
            catch
            {
                connection.Dispose();
                throw;
            }

            return new NetworkStream(connection, ownsSocket: true);
        },
    })
    { BaseAddress = new Uri("http://localhost"), DefaultRequestHeaders = { { Hearth.Contracts.Access.CallerIdentity.Header, Hearth.Contracts.Access.CallerIdentity.LocalText } } };
}
