using System.CommandLine;
using Hearth.Cli.Connection;
using Hearth.Cli.Errors;
using Hearth.Cli.Output;
using Hearth.Cli.Parsing;
using Hearth.Contracts.V1;

namespace Hearth.Cli.Functions;

/// <summary><c>hearth ls</c>: the functions of the node.</summary>
internal static class ListCommand
{
    private const int PageSize = 500;

    private static readonly Option<bool> AsJson = SharedOptions.Json();

    public static Command Create()
    {
        var command = new Verb("ls", "List the functions.", "hearth ls") { AsJson };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        using var node = ControlPlane.Connect(parsed);
        var functions = await AllAsync(node, cancellationToken);
        if (parsed.GetValue(AsJson)) Json.PrintArray("Functions", functions, FunctionJson.Write);
        else if (functions.Count == 0) Console.Error.WriteLine($"no functions yet; deploy one with: {TypedCommand.Name} deploy PATH --name N --runtime R --handler H");
        else Print(functions);
        return ExitCode.Ok;
    }

    private static async Task<List<Function>> AllAsync(ControlPlane node, CancellationToken cancellationToken)
    {
        var functions = new List<Function>();
        var request = new ListFunctionsRequest { MaxItems = PageSize };
        do
        {
            var page = await node.Functions.ListFunctionsAsync(request, cancellationToken: cancellationToken);
            functions.AddRange(page.Functions);
            request.Marker = page.NextMarker;
        }
        while (request.Marker.Length > 0);
        return functions;
    }

    private static void Print(List<Function> functions)
    {
        var table = Tables.Create("NAME", "RUNTIME", "RUNS ON", "HANDLER", ">MEMORY", ">TIMEOUT", ">CODE", "STATE", "MODIFIED");
        foreach (var function in functions)
        {
            var settings = function.Settings;
            table.Row(settings.FunctionName, settings.Runtime, function.ResolvedRuntime, settings.Handler, $"{settings.MemoryMb} MB",
                $"{settings.TimeoutSeconds} s", Units.Bytes(function.CodeSize), function.State, function.LastModified.Split('.')[0]);
        }
        Tables.Print(table);
    }
}
