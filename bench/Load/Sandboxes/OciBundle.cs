using System.Text.Json.Nodes;

namespace Hearth.Bench.Load.Sandboxes;

/// <summary>A minimal bundle for runc and crun that does what Hearth's sandbox does as far as they can: all seven namespaces, the host's /usr read-only, memory and pids limits.</summary>
internal sealed class OciBundle : IDisposable
{
    private readonly string _folder;

    public OciBundle()
    {
        _folder = BenchContext.NewFolder();
        var root = Path.Combine(_folder, "rootfs");
        foreach (var folder in (string[])["usr", "proc", "dev", "tmp"])
            Directory.CreateDirectory(Path.Combine(root, folder));
        foreach (var link in (string[])["bin", "lib", "lib64"])
            File.CreateSymbolicLink(Path.Combine(root, link), $"usr/{link}");
        for (var i = 0; i < ProgramPeer.MostCreators; i++)
            File.WriteAllText(Path.Combine(Directory.CreateDirectory(Of(i)).FullName, "config.json"), Config(root, i).ToJsonString());
    }

    /// <summary>Where a runtime keeps the state of its containers.</summary>
    public string State => Path.Combine(_folder, "state");

    /// <summary>The bundle of one creator: each has a group of its own.</summary>
    public string Of(int creator) => Path.Combine(_folder, $"bundle-{creator}");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static JsonObject Config(string root, int creator) => new()
    {
        ["ociVersion"] = "1.0.2",
        ["root"] = new JsonObject { ["path"] = root, ["readonly"] = true },
        ["hostname"] = "bench",
        ["process"] = new JsonObject
        {
            ["args"] = Texts("/usr/bin/true"),
            ["cwd"] = "/",
            ["env"] = Texts("PATH=/usr/bin"),
            ["user"] = new JsonObject { ["uid"] = 0, ["gid"] = 0 },
            ["noNewPrivileges"] = true,
        },
        ["mounts"] = new JsonArray(
            Mount("/usr", "bind", "/usr", "rbind", "ro", "nosuid", "nodev"),
            Mount("/proc", "proc", "proc"),
            Mount("/dev", "tmpfs", "tmpfs", "nosuid", "mode=755"),
            Mount("/tmp", "tmpfs", "tmpfs", "nosuid", "nodev", "size=512m")),
        ["linux"] = new JsonObject
        {
            // Relative: below the group we are in.
            ["cgroupsPath"] = $"hearth-bench-{Environment.ProcessId}-peer{creator}",
            ["resources"] = new JsonObject { ["memory"] = new JsonObject { ["limit"] = 128 << 20 }, ["pids"] = new JsonObject { ["limit"] = 1024 } },
            ["namespaces"] = new JsonArray([.. ((string[])["pid", "network", "ipc", "uts", "mount", "cgroup", "user"]).Select(static kind => (JsonNode)new JsonObject { ["type"] = kind })]),
            ["uidMappings"] = Map(),
            ["gidMappings"] = Map(),
        },
    };

    private static JsonArray Map() => new(new JsonObject { ["containerID"] = 0, ["hostID"] = 0, ["size"] = 65536 });

    private static JsonObject Mount(string target, string type, string source, params string[] options) =>
        new() { ["destination"] = target, ["type"] = type, ["source"] = source, ["options"] = Texts(options) };

    private static JsonArray Texts(params string[] texts) => new([.. texts.Select(static text => (JsonNode)text)]);
}
