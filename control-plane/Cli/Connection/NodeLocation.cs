using System.CommandLine;
using Hearth.Cli.Parsing;

namespace Hearth.Cli.Connection;

/// <summary>Where a node keeps everything; which node a command means.</summary>
internal static class NodeLocation
{
    public const string DefaultPath = "/var/lib/hearth";

    public static string Of(ParseResult parsed)
    {
        var chosen = parsed.GetValue(SharedOptions.Data) ?? Environment.GetEnvironmentVariable("HEARTH_DATA");
        return Path.GetFullPath(string.IsNullOrEmpty(chosen) ? DefaultPath : chosen);
    }

    public static string ControlSocket(string dataDirectory) => Path.Combine(dataDirectory, "run", "control", "grpc.sock");
}
