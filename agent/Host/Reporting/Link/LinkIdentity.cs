using System.Reflection;
using Hearth.Agent.Spawning;
using Hearth.Contracts.V1;

namespace Hearth.Agent.Reporting.Link;

/// <summary>Who this agent is: an id that lives in its data directory.</summary>
internal sealed class LinkIdentity
{
    private const int LinkVersion = 1;
    private readonly Func<string> _endpoint;
    private readonly ISpawner _spawner;

    public LinkIdentity(string folder, Func<string> endpoint, ISpawner spawner)
    {
        _endpoint = endpoint;
        _spawner = spawner;
        AgentId = ReadOrMake(Path.Join(folder, "agent-id"));
    }

    public string AgentId { get; }

    public AgentHello Hello() => new()
    {
        AgentId = AgentId,
        LinkVersion = LinkVersion,
        Endpoint = _endpoint(),
        CgroupMode = _spawner is SpawnerClient { CgroupMode: { IsCompletedSuccessfully: true } mode } ? mode.Result : "",
        SoftwareVersion = Assembly.GetExecutingAssembly().GetName().Version?.ToString(3) ?? "",
    };

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
