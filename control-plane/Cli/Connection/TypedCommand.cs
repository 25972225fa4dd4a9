namespace Hearth.Cli.Connection;

/// <summary>What messages tell a person to type: <c>./hearth</c> in a clone, <c>hearth</c> where it is installed.</summary>
internal static class TypedCommand
{
    /// <summary>The script at the root of the repository says how it was called.</summary>
    private static readonly string? Script = Environment.GetEnvironmentVariable("HEARTH_COMMAND") is { Length: > 0 } typed ? typed : null;

    public static string Name => Script ?? "hearth";

    /// <summary>The repository as seen from where it was typed, "" for the current folder; null where there is only the program.</summary>
    public static string? Clone => Script is null ? null : Path.GetDirectoryName(Script) is "." or null ? "" : Path.GetDirectoryName(Script);

    /// <summary>What starts a node on this data directory.</summary>
    public static string Start(string data) =>
        Script is null && data == NodeLocation.DefaultPath && File.Exists("/etc/systemd/system/hearth-agent.service")
            ? "sudo systemctl start hearth-spawner hearth-control-plane hearth-agent"
            : $"sudo {Name} up{DataOption(data)}";

    public static string DataOption(string data) => data == NodeLocation.DefaultPath ? "" : $" --data {data}";
}
