using System.CommandLine;
using Grpc.Core;
using Hearth.Cli.Connection;
using Hearth.Cli.Errors;
using Hearth.Cli.Parsing;
using Hearth.Contracts.V1;

namespace Hearth.Cli.Functions;

/// <summary><c>hearth rm NAME...</c></summary>
internal static class RemoveCommand
{
    private static readonly Argument<string[]> Names = new("NAME") { Description = "Names of the functions", Arity = ArgumentArity.OneOrMore };

    public static Command Create()
    {
        var command = new Verb("rm", "Delete functions: code, settings and instances. Their usage and logs stay.", "hearth rm hello") { Names };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        using var node = ControlPlane.Connect(parsed);
        var worst = ExitCode.Ok;
        foreach (var name in parsed.GetRequiredValue(Names))
        {
            try
            {
                await node.Functions.DeleteFunctionAsync(new DeleteFunctionRequest { FunctionName = name }, cancellationToken: cancellationToken);
                Console.Out.WriteLine($"{name} deleted");
            }
            catch (RpcException failure) when (failure.StatusCode is StatusCode.NotFound or StatusCode.InvalidArgument)
            {
                // The others were named too.
                (var line, worst) = RpcFailures.Describe(failure);
                Console.Error.WriteLine(line);
            }
        }
        return worst;
    }
}
