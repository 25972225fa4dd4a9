using System.CommandLine;
using Hearth.Cli.Connection;
using Hearth.Cli.Errors;
using Hearth.Cli.Output;
using Hearth.Cli.Parsing;
using Hearth.Contracts.V1;

namespace Hearth.Cli.DeadLetters;

/// <summary><c>hearth dead-letters show ID</c></summary>
internal static class ShowLetter
{
    private static readonly Argument<string> Id = new("ID") { Description = "Its request id" };
    private static readonly Option<bool> OnlyPayload = new("--payload") { Description = "Print the payload alone, byte for byte, to change it and give it to 'edit'" };
    private static readonly Option<bool> AsJson = SharedOptions.Json();

    public static Command Create()
    {
        var command = new Verb("show", "Show a dead letter: why it ended, its payload, what the function answered last.",
            "hearth dead-letters show 5f2b1f6e-0c1d-4e21-9a55-6a3a1f0d7c11 --payload > event.json") { Id, OnlyPayload, AsJson };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        using var node = ControlPlane.Connect(parsed);
        var letter = await node.Events.GetDeadLetterAsync(new GetDeadLetterRequest { RequestId = parsed.GetRequiredValue(Id) }, cancellationToken: cancellationToken);
        if (parsed.GetValue(AsJson)) Json.Print(writer => LetterJson.Write(writer, letter));
        else if (parsed.GetValue(OnlyPayload)) PrintPayload(letter);
        else Print(letter);
        return ExitCode.Ok;
    }

    private static void PrintPayload(DeadLetter letter)
    {
        if (!Console.IsOutputRedirected)
        {
            Console.Out.WriteLine(VisibleText.Lines(letter.Payload.ToStringUtf8()));
            return;
        }
        using var output = Console.OpenStandardOutput();
        output.Write(letter.Payload.Span);
    }

    private static void Print(DeadLetter letter)
    {
        Line("request id", letter.RequestId);
        Line("function", letter.Qualifier.Length > 0 ? $"{letter.FunctionName}:{letter.Qualifier}" : letter.FunctionName);
        Line("accepted", Time(letter.AcceptedUnixMs));
        Line("died", Time(letter.DiedUnixMs));
        Line("condition", letter.Condition);
        Line("tries", Units.Count(letter.Tries));
        if (letter.ErrorType.Length + letter.ErrorMessage.Length > 0) Line("error", $"{letter.ErrorType} {letter.ErrorMessage}".Trim());
        if (letter.Note.Length > 0) Line("destination", letter.Note);
        if (letter.Response.Length > 0) Line("response", letter.Response.ToStringUtf8());
        Line("payload", letter.Payload.ToStringUtf8());
    }

    private static void Line(string name, string value) => Console.Out.WriteLine($"{name,-12} {VisibleText.Lines(value)}");

    private static string Time(long unixMs) => $"{DateTimeOffset.FromUnixTimeMilliseconds(unixMs):yyyy-MM-dd HH:mm:ss}Z";
}
