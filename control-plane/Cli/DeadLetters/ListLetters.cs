using System.CommandLine;
using Hearth.Cli.Connection;
using Hearth.Cli.Errors;
using Hearth.Cli.Output;
using Hearth.Cli.Parsing;
using Hearth.Contracts.V1;

namespace Hearth.Cli.DeadLetters;

/// <summary><c>hearth dead-letters ls [NAME]</c></summary>
internal static class ListLetters
{
    private const int PageSize = 500;

    private static readonly Argument<string?> Name = new("NAME") { Description = "Only of this function", Arity = ArgumentArity.ZeroOrOne };
    private static readonly Option<int?> Limit = SharedOptions.Number("--limit", "At most so many, the oldest first, 1-100000. Default: 100", 1, 100_000);
    private static readonly Option<bool> AsJson = SharedOptions.Json();

    public static Command Create()
    {
        var command = new Verb("ls", "List dead letters, the oldest first.", "hearth dead-letters ls thumbnail --limit 1000 --json") { Name, Limit, AsJson };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        using var node = ControlPlane.Connect(parsed);
        var limit = parsed.GetValue(Limit) ?? 100;
        var letters = new List<DeadLetter>();
        var request = new ListDeadLettersRequest { FunctionName = parsed.GetValue(Name) ?? "" };
        do
        {
            request.MaxItems = Math.Min(PageSize, limit - letters.Count);
            var page = await node.Events.ListDeadLettersAsync(request, cancellationToken: cancellationToken);
            letters.AddRange(page.DeadLetters);
            request.Marker = page.NextMarker;
        }
        while (request.Marker.Length > 0 && letters.Count < limit);
        if (parsed.GetValue(AsJson)) Json.PrintArray("DeadLetters", letters, LetterJson.Write);
        else if (letters.Count == 0) Console.Error.WriteLine("no dead letters");
        else Print(letters);
        if (request.Marker.Length > 0) Console.Error.WriteLine($"these are the first {limit}; there may be more: --limit N");
        return ExitCode.Ok;
    }

    private static void Print(List<DeadLetter> letters)
    {
        var table = Tables.Create("REQUEST ID", "FUNCTION", ">DIED", "CONDITION", ">TRIES", ">PAYLOAD", "ERROR");
        foreach (var letter in letters)
        {
            var name = letter.Qualifier.Length > 0 ? $"{letter.FunctionName}:{letter.Qualifier}" : letter.FunctionName;
            var error = VisibleText.Line($"{letter.ErrorType} {letter.ErrorMessage}".Trim());
            table.Row(letter.RequestId, name, Units.AgeSince(letter.DiedUnixMs, TimeProvider.System), letter.Condition, Units.Count(letter.Tries), Units.Bytes(letter.PayloadBytes),
                error.Length > 60 ? error[..57] + "..." : error);
        }
        Tables.Print(table);
    }
}
