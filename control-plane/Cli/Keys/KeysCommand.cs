using System.CommandLine;
using Hearth.Cli.Parsing;

namespace Hearth.Cli.Keys;

/// <summary><c>hearth keys</c>: who may call this node's API.</summary>
internal static class KeysCommand
{
    public static Command Create() => new Verb("keys", "Make, list, disable and remove access keys. With the first one every request must be signed (AWS Signature Version 4).",
        "hearth keys create --role admin --name ops", "hearth keys create --role invoke --function thumbnail", "hearth keys ls")
    {
        CreateKey.Create(),
        ListKeys.Create(),
        ChangedKey.Disable(),
        ChangedKey.Enable(),
        RemoveKey.Create(),
    };
}
