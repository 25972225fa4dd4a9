using System.CommandLine;

namespace Hearth.Cli.Parsing;

/// <summary>A command whose help ends with an example that can be pasted.</summary>
internal sealed class Verb(string name, string purpose, params string[] examples) : Command(name, purpose)
{
    public IReadOnlyList<string> Examples { get; } = examples;
}
