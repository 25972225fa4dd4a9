using System.CommandLine;
using Hearth.Cli.Parsing;

namespace Hearth.Cli.Connection;

/// <summary>Where a node keeps everything; which node a command means.</summary>
internal static class NodeLocation
{
    public const string DefaultPath = "/var/lib/hearth";

    /// <summary>The one that this command means, once it has asked: for messages from where its options are not at hand.</summary>
    public static string Current { get; private set; } = DefaultPath;

    public static string Of(ParseResult parsed)
    {
        var chosen = parsed.GetValue(SharedOptions.Data) ?? Environment.GetEnvironmentVariable("HEARTH_DATA");
        return Current = Path.GetFullPath(string.IsNullOrEmpty(chosen) ? DefaultPath : chosen);
    }

    public static string ControlSocket(string dataDirectory) => Path.Combine(dataDirectory, "run", "control", "grpc.sock");
}
