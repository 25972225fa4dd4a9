using System.CommandLine;
using Hearth.Cli.Parsing;

namespace Hearth.Cli.DeadLetters;

/// <summary><c>hearth dead-letters</c>: events that ended without success and without a destination.</summary>
internal static class DeadLettersCommand
{
    public static Command Create() => new Verb("dead-letters", "List, inspect, edit, redrive and remove events that failed for good and had no destination.",
        "hearth dead-letters ls", "hearth dead-letters show 5f2b1f6e-0c1d-4e21-9a55-6a3a1f0d7c11", "hearth dead-letters redrive --function thumbnail")
    {
        ListLetters.Create(),
        ShowLetter.Create(),
        EditLetter.Create(),
        SelectedLetters.Redrive(),
        SelectedLetters.Remove(),
    };
}
