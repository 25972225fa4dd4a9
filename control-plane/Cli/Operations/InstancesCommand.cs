using System.CommandLine;
using Hearth.Cli.Connection;
using Hearth.Cli.Errors;
using Hearth.Cli.Output;
using Hearth.Cli.Parsing;
using Hearth.Contracts.V1;

namespace Hearth.Cli.Operations;

/// <summary><c>hearth ps</c>: the instances that exist now.</summary>
internal static class InstancesCommand
{
    private static readonly Argument<string?> Name = new("NAME") { Description = "Only instances of this function", Arity = ArgumentArity.ZeroOrOne };
    private static readonly Option<bool> AsJson = SharedOptions.Json();

    public static Command Create()
    {
        var command = new Verb("ps", "List the instances: state, age, memory, CPU time, invocations.", "hearth ps thumbnail") { Name, AsJson };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        using var node = ControlPlane.Connect(parsed);
        var request = new ListInstancesRequest { FunctionName = parsed.GetValue(Name) ?? "" };
        var found = await node.Operations.ListInstancesAsync(request, cancellationToken: cancellationToken);
        if (parsed.GetValue(AsJson)) Json.PrintArray("Instances", found.Instances, InstanceTable.Write);
        else if (found.Instances.Count == 0) Console.Error.WriteLine("no instances; the next invocation starts one");
        else Tables.Print(InstanceTable.Create(found.Instances, TimeProvider.System));
        return ExitCode.Ok;
    }
}
