using System.CommandLine;
using Hearth.Cli.Connection;
using Hearth.Cli.Errors;
using Hearth.Cli.Functions;
using Hearth.Cli.Output;
using Hearth.Cli.Parsing;
using Hearth.Contracts.V1;

namespace Hearth.Cli.DeadLetters;

/// <summary><c>hearth dead-letters edit ID --payload JSON</c>: another payload under the same request id, for the next redrive.</summary>
internal static class EditLetter
{
    private static readonly Argument<string> Id = new("ID") { Description = "Its request id" };
    private static readonly Option<string> New = new("--payload", "-p") { Description = "The payload from now on: JSON, @FILE or - for stdin; at most 1 MiB", HelpName = "JSON", Required = true };
    private static readonly Option<bool> AsJson = SharedOptions.Json();

    public static Command Create()
    {
        var command = new Verb("edit", "Replace the payload of a dead letter; 'redrive' then sends it.",
            "hearth dead-letters edit 5f2b1f6e-0c1d-4e21-9a55-6a3a1f0d7c11 --payload @event.json") { Id, New, AsJson };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var request = new EditDeadLetterRequest { RequestId = parsed.GetRequiredValue(Id), Payload = Payload.Read(parsed.GetRequiredValue(New)) };
        using var node = ControlPlane.Connect(parsed);
        var letter = await node.Events.EditDeadLetterAsync(request, cancellationToken: cancellationToken);
        if (parsed.GetValue(AsJson)) Json.Print(writer => LetterJson.Write(writer, letter));
        else Console.Out.WriteLine($"{letter.RequestId} has a new payload of {Units.Bytes(letter.PayloadBytes)}");
        return ExitCode.Ok;
    }
}
