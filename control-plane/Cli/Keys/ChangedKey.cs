using System.CommandLine;
using Hearth.Cli.Connection;
using Hearth.Cli.Errors;
using Hearth.Cli.Parsing;
using Hearth.Contracts.V1;

namespace Hearth.Cli.Keys;

/// <summary><c>hearth keys disable|enable ID</c>: in force at the connected agents when the command returns.</summary>
internal static class ChangedKey
{
    public static Command Disable() => Create("disable", "Refuse a key's requests from now on.", "hearth keys disable AKIAEXAMPLE234567ABC",
        static (node, id, cancellationToken) => SetAsync(node, id, enabled: false, cancellationToken));

    public static Command Enable() => Create("enable", "Let a disabled key work again.", "hearth keys enable AKIAEXAMPLE234567ABC",
        static (node, id, cancellationToken) => SetAsync(node, id, enabled: true, cancellationToken));

    private static Verb Create(string name, string purpose, string example, Func<ControlPlane, string, CancellationToken, Task<string>> change)
    {
        Argument<string> id = new("ID") { Description = "Access key id" };
        var command = new Verb(name, purpose, example) { id };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var node = ControlPlane.Connect(parsed);
            Console.Out.WriteLine(await change(node, parsed.GetRequiredValue(id), cancellationToken));
            return ExitCode.Ok;
        });
        return command;
    }

    private static async Task<string> SetAsync(ControlPlane node, string id, bool enabled, CancellationToken cancellationToken)
    {
        await node.Keys.SetKeyEnabledAsync(new SetKeyEnabledRequest { KeyId = id, Enabled = enabled }, cancellationToken: cancellationToken);
        return $"{id} {(enabled ? "enabled" : "disabled")}";
    }
}
