using System.CommandLine;
using Hearth.Cli.Connection;
using Hearth.Cli.Errors;
using Hearth.Cli.Output;
using Hearth.Cli.Parsing;
using Hearth.Contracts.V1;

namespace Hearth.Cli.Routes;

/// <summary><c>hearth routes ls</c></summary>
internal static class ListRoutes
{
    private static readonly Option<bool> AsJson = SharedOptions.Json();

    public static Command Create()
    {
        var command = new Verb("ls", "List routes.", "hearth routes ls --json") { AsJson };
        command.SetAction(RunAsync);
        return command;
    }

    /// <summary>Where it is asked for: a host and a path, or a path of this node.</summary>
    public static string Address(Route route) => route.Host.Length > 0 ? route.Host + route.Path : "/_routes" + route.Path;

    public static string Target(Route route) => route.Qualifier.Length > 0 ? $"{route.FunctionName}:{route.Qualifier}" : route.FunctionName;

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        using var node = ControlPlane.Connect(parsed);
        var found = await node.Routes.ListRoutesAsync(new ListRoutesRequest(), cancellationToken: cancellationToken);
        if (parsed.GetValue(AsJson)) Json.PrintArray("Routes", found.Routes, RouteJson.Write);
        else if (found.Routes.Count == 0) Console.Error.WriteLine("no routes; add one with: hearth routes add --help");
        else Print(found.Routes);
        return ExitCode.Ok;
    }

    private static void Print(IEnumerable<Route> routes)
    {
        var table = Tables.Create("ROUTE", "METHOD", "REQUESTS TO", "FUNCTION", "SHAPE");
        foreach (var route in routes)
            table.Row(route.RouteId, route.Method, Address(route), Target(route), route.Shape);
        Tables.Print(table);
    }
}
