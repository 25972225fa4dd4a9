using System.CommandLine;
using Hearth.Cli.Connection;
using Hearth.Cli.Errors;
using Hearth.Cli.Output;
using Hearth.Cli.Parsing;
using Hearth.Contracts.V1;

namespace Hearth.Cli.DeadLetters;

/// <summary><c>hearth dead-letters redrive</c> and <c>rm</c>: by request ids, all of a function, or all.</summary>
internal static class SelectedLetters
{
    public static Command Redrive() => Create("redrive", "redriven", "Send dead letters again, under their own request ids and as new as if they had just been sent.",
        "hearth dead-letters redrive --function thumbnail", static (node, selection, cancellationToken) => node.Events.RedriveDeadLettersAsync(selection, cancellationToken: cancellationToken).ResponseAsync);

    public static Command Remove() => Create("rm", "removed", "Remove dead letters for good.",
        "hearth dead-letters rm 5f2b1f6e-0c1d-4e21-9a55-6a3a1f0d7c11", static (node, selection, cancellationToken) => node.Events.RemoveDeadLettersAsync(selection, cancellationToken: cancellationToken).ResponseAsync);

    private static Verb Create(string name, string done, string purpose, string example, Func<ControlPlane, DeadLetterSelection, CancellationToken, Task<DeadLetterCount>> call)
    {
        Argument<string[]> ids = new("ID") { Description = "Request ids", Arity = ArgumentArity.ZeroOrMore };
        Option<string?> function = new("--function") { Description = "All dead letters of this function", HelpName = "NAME" };
        Option<bool> all = new("--all") { Description = "All dead letters" };
        Option<bool> asJson = SharedOptions.Json();
        var command = new Verb(name, purpose, example) { ids, function, all, asJson };
        command.Validators.Add(result =>
        {
            var ways = (result.GetValue(ids) is { Length: > 0 } ? 1 : 0) + (result.GetValue(function) is not null ? 1 : 0) + (result.GetValue(all) ? 1 : 0);
            if (ways != 1) result.AddError("say which: request ids, or --function NAME, or --all");
        });
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var selection = new DeadLetterSelection { FunctionName = parsed.GetValue(function) ?? "", All = parsed.GetValue(all) };
            selection.RequestIds.AddRange(parsed.GetValue(ids) ?? []);
            using var node = ControlPlane.Connect(parsed);
            var answer = await call(node, selection, cancellationToken);
            if (!parsed.GetValue(asJson)) Console.Out.WriteLine($"{Units.Count(answer.Count)} dead letter{(answer.Count == 1 ? "" : "s")} {done}");
            else Json.Print(writer =>
            {
                writer.WriteStartObject();
                writer.WriteNumber("Count", answer.Count);
                writer.WriteEndObject();
            });
            return ExitCode.Ok;
        });
        return command;
    }
}
