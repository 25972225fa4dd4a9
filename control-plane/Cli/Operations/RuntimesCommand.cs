using System.CommandLine;
using System.Text.Json;
using Hearth.Cli.Connection;
using Hearth.Cli.Errors;
using Hearth.Cli.Output;
using Hearth.Cli.Parsing;
using Hearth.Contracts.V1;

namespace Hearth.Cli.Operations;

/// <summary><c>hearth runtimes</c>: what is installed on the node, and which of Lambda's ids it serves.</summary>
internal static class RuntimesCommand
{
    private static readonly Option<bool> AsJson = SharedOptions.Json();

    public static Command Create()
    {
        var command = new Verb("runtimes", "List the installed runtimes and the Lambda runtime ids they serve.", "hearth runtimes") { AsJson };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        using var node = ControlPlane.Connect(parsed);
        var found = await node.Operations.ListRuntimesAsync(new ListRuntimesRequest(), cancellationToken: cancellationToken);
        if (parsed.GetValue(AsJson))
        {
            Json.PrintArray("Runtimes", found.Runtimes, Write);
            return ExitCode.Ok;
        }
        var table = Tables.Create("LANGUAGE", "INSTALLED", "PATH", "SERVES", "NOTE");
        foreach (var one in found.Runtimes)
            table.Row(one.Language, one.InstalledVersion.Length > 0 ? one.InstalledVersion : "absent", one.Path, string.Join(' ', one.RuntimeIds), one.Note);
        Tables.Print(table);
        return ExitCode.Ok;
    }

    private static void Write(Utf8JsonWriter writer, RuntimeInfo runtime)
    {
        writer.WriteStartObject();
        writer.WriteString("Language", runtime.Language);
        writer.WriteString("InstalledVersion", runtime.InstalledVersion);
        writer.WriteString("Path", runtime.Path);
        writer.WriteStartArray("RuntimeIds");
        foreach (var id in runtime.RuntimeIds) writer.WriteStringValue(id);
        writer.WriteEndArray();
        writer.WriteString("Note", runtime.Note);
        writer.WriteEndObject();
    }
}
