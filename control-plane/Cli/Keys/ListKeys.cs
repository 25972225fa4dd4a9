using System.CommandLine;
using System.Text.Json;
using Hearth.Cli.Connection;
using Hearth.Cli.Errors;
using Hearth.Cli.Output;
using Hearth.Cli.Parsing;
using Hearth.Contracts.V1;

namespace Hearth.Cli.Keys;

/// <summary><c>hearth keys ls</c></summary>
internal static class ListKeys
{
    private static readonly Option<bool> AsJson = SharedOptions.Json();

    public static Command Create()
    {
        var command = new Verb("ls", "List keys, the oldest first, without their secrets.", "hearth keys ls --json") { AsJson };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        using var node = ControlPlane.Connect(parsed);
        var keys = (await node.Keys.ListKeysAsync(new ListKeysRequest(), cancellationToken: cancellationToken)).Keys;
        if (parsed.GetValue(AsJson)) Json.PrintArray("Keys", keys, Write);
        else if (keys.Count == 0) Console.Error.WriteLine("no access keys: the node serves its own machine only, and nobody needs to sign");
        else Print(keys);
        return ExitCode.Ok;
    }

    private static void Print(IEnumerable<KeyInfo> keys)
    {
        var table = Tables.Create("ACCESS KEY ID", "ROLE", "STATE", "NAME", ">AGE", "FUNCTIONS");
        foreach (var key in keys)
            table.Row(key.KeyId, KeyText.Of(key.Role), key.Disabled ? "disabled" : "enabled", key.Name, Units.AgeSince(key.CreatedUnixMs, TimeProvider.System),
                key.Functions.Count == 0 ? "all" : string.Join(' ', key.Functions));
        Tables.Print(table);
    }

    private static void Write(Utf8JsonWriter writer, KeyInfo key)
    {
        writer.WriteStartObject();
        writer.WriteString("AccessKeyId", key.KeyId);
        writer.WriteString("Role", KeyText.Of(key.Role));
        writer.WriteString("Name", key.Name);
        writer.WriteString("Status", key.Disabled ? "Inactive" : "Active");
        writer.WriteString("Arn", key.Arn);
        writer.WriteNumber("CreatedUnixMs", key.CreatedUnixMs);
        writer.WriteStartArray("Functions");
        foreach (var function in key.Functions) writer.WriteStringValue(function);
        writer.WriteEndArray();
        writer.WriteEndObject();
    }
}
