using System.CommandLine;
using System.Reflection;
using Hearth.Cli.Connection;
using Hearth.Cli.Errors;
using Hearth.Cli.Output;
using Hearth.Cli.Parsing;
using Hearth.Contracts.V1;

namespace Hearth.Cli.Operations;

/// <summary><c>hearth version</c>: this program's version and, when one runs, the node's.</summary>
internal static class VersionCommand
{
    private static readonly Option<bool> AsJson = SharedOptions.Json();

    public static string Own { get; } = typeof(VersionCommand).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0";

    public static Command Create()
    {
        var command = new Verb("version", "Show the versions of this program and of the node.", "hearth version --json") { AsJson };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var node = await NodeAsync(parsed, cancellationToken);
        if (parsed.GetValue(AsJson))
            Json.Print(writer =>
            {
                writer.WriteStartObject();
                writer.WriteString("Cli", Own);
                if (node is not null)
                {
                    writer.WriteString("Node", node.Version);
                    writer.WriteString("NodeId", node.NodeId);
                    writer.WriteString("Endpoint", node.Endpoint);
                    writer.WriteString("CgroupMode", node.CgroupMode);
                }
                writer.WriteEndObject();
            });
        else Console.Out.WriteLine($"hearth {Own}\n" + node switch
        {
            null => "node: none reachable",
            { AgentConnected: false } => $"node {node.Version}, its agent is not connected",
            _ => $"node {node.Version} at {node.Endpoint}, cgroup {node.CgroupMode}",
        });
        return ExitCode.Ok;
    }

    /// <summary>Null when no node answers: asking for a version must work without one.</summary>
    private static async Task<NodeInfo?> NodeAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        try
        {
            using var node = ControlPlane.Connect(parsed);
            return await node.Operations.GetNodeAsync(new GetNodeRequest(), deadline: DateTime.UtcNow.AddSeconds(2), cancellationToken: cancellationToken);
        }
        catch (Exception absent) when (absent is CliException or Grpc.Core.RpcException && !cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }
}
