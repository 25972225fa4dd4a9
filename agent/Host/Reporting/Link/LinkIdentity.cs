using System.Reflection;
using Hearth.Agent.Hosting;
using Hearth.Agent.Spawning;
using Hearth.Contracts.V1;

namespace Hearth.Agent.Reporting.Link;

/// <summary>Who this agent is: an id that lives in its data directory.</summary>
internal sealed class LinkIdentity
{
    private const int LinkVersion = 2;
    private readonly Func<string> _endpoint;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);
    private readonly ISpawner _spawner;
    private readonly InstalledRuntimes _runtimes;

    public LinkIdentity(string folder, Func<string> endpoint, ISpawner spawner, InstalledRuntimes runtimes)
    {
        _endpoint = endpoint;
        _spawner = spawner;
        _runtimes = runtimes;
        AgentId = ReadOrMake(Path.Join(folder, "agent-id"));
    }

    public string AgentId { get; }

    /// <summary>Waits a moment for the spawner: it knows how groups are mounted, and has by then shown what root sandboxes have.</summary>
    public async Task<AgentHello> HelloAsync(CancellationToken cancellationToken)
    {
        var mode = "";
        if (_spawner is SpawnerClient client && await Task.WhenAny(client.CgroupMode, Task.Delay(s_patience, cancellationToken)) == client.CgroupMode)
            mode = await client.CgroupMode;
        var hello = new AgentHello
        {
            AgentId = AgentId,
            LinkVersion = LinkVersion,
            Endpoint = _endpoint(),
            CgroupMode = mode,
            SoftwareVersion = Assembly.GetExecutingAssembly().GetName().Version?.ToString(3) ?? "",
        };
        hello.Runtimes.AddRange(await Task.Run(_runtimes.All, cancellationToken));
        return hello;
    }

    private static string ReadOrMake(string path)
    {
        if (File.Exists(path) && Guid.TryParse(File.ReadAllText(path).Trim(), out var known))
            return known.ToString();
        var made = Guid.NewGuid().ToString();
        var staging = path + ".new";
        File.WriteAllText(staging, made + "\n");
        File.Move(staging, path, overwrite: true);
        return made;
    }
}
