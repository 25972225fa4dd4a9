using System.CommandLine;
using Hearth.Cli.DeadLetters;
using Hearth.Cli.Doctor;
using Hearth.Cli.Functions;
using Hearth.Cli.Keys;
using Hearth.Cli.Node;
using Hearth.Cli.Operations;
using Hearth.Cli.Routes;

namespace Hearth.Cli.Parsing;

/// <summary>All commands, in the order a person meets them.</summary>
internal static class CommandTree
{
    public static RootCommand Create()
    {
        var root = new RootCommand("Hearth: AWS Lambda for Linux machines you own.")
        {
            UpCommand.Create(),
            DeployCommand.Create(),
            InvokeCommand.Create(),
            LogsCommand.Create(),
            ListCommand.Create(),
            InstancesCommand.Create(),
            TopCommand.Create(),
            UsageCommand.Create(),
            QueueCommand.Create(),
            DeadLettersCommand.Create(),
            RoutesCommand.Create(),
            RemoveCommand.Create(),
            KeysCommand.Create(),
            RuntimesCommand.Create(),
            DoctorCommand.Create(),
            VersionCommand.Create(),
        };
        root.Options.Add(SharedOptions.Data);
        HelpWithExamples.Install(root);
        return root;
    }
}
