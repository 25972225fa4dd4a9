using System.CommandLine;
using Hearth.Cli.Connection;
using Hearth.Cli.Errors;
using Hearth.Cli.Parsing;
using Hearth.Contracts.V1;

namespace Hearth.Cli.Routes;

/// <summary><c>hearth routes rm ID</c></summary>
internal static class RemoveRoute
{
    private static readonly Argument<string> Id = new("ID") { Description = "As 'routes ls' shows it" };

    public static Command Create()
    {
        var command = new Verb("rm", "Remove a route; the function stays.", "hearth routes rm x7c0d2kq1m") { Id };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var id = parsed.GetRequiredValue(Id);
        using var node = ControlPlane.Connect(parsed);
        await node.Routes.RemoveRouteAsync(new RemoveRouteRequest { RouteId = id }, cancellationToken: cancellationToken);
        Console.Out.WriteLine($"route {id} removed");
        return ExitCode.Ok;
    }
}
