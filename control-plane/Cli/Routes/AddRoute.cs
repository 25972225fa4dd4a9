using System.CommandLine;
using Hearth.Cli.Connection;
using Hearth.Cli.Errors;
using Hearth.Cli.Output;
using Hearth.Cli.Parsing;
using Hearth.Contracts.V1;

namespace Hearth.Cli.Routes;

/// <summary><c>hearth routes add --path PATH --function NAME[:QUALIFIER] --shape SHAPE</c></summary>
internal static class AddRoute
{
    private static readonly Option<string> PathPattern = new("--path")
    {
        Description = "As API Gateway writes it: /shop, /shop/{id}, /shop/{proxy+} for all below",
        HelpName = "PATH",
        Required = true,
    };

    private static readonly Option<string> Method = new("--method") { Description = "GET, POST, ... or ANY", HelpName = "METHOD", DefaultValueFactory = static _ => "ANY" };

    private static readonly Option<string> Host = new("--host")
    {
        Description = "Only requests with this Host header. Default: every one, below the path prefix /_routes",
        HelpName = "NAME",
        DefaultValueFactory = static _ => "",
    };

    private static readonly Option<string> Function = new("--function") { Description = "Its name, and after a colon a version or an alias", HelpName = "NAME[:QUALIFIER]", Required = true };
    private static readonly Option<string> Shape = new("--shape") { Description = "apigw-v1 (REST API), apigw-v2 (HTTP API), alb, alb-multi (multi-value headers) or url", HelpName = "SHAPE", Required = true };
    private static readonly Option<bool> AsJson = SharedOptions.Json();

    public static Command Create()
    {
        var command = new Verb("add", "Add a route: requests that fit it become events of a function.",
            "hearth routes add --path '/shop/{proxy+}' --function shop --shape apigw-v1", "hearth routes add --host shop.example.com --path '/{proxy+}' --function shop:live --shape alb")
        { PathPattern, Method, Host, Function, Shape, AsJson };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var route = new Route
        {
            Path = parsed.GetRequiredValue(PathPattern),
            Method = parsed.GetRequiredValue(Method),
            Host = parsed.GetRequiredValue(Host),
            FunctionName = parsed.GetRequiredValue(Function),
            Shape = parsed.GetRequiredValue(Shape),
        };
        using var node = ControlPlane.Connect(parsed);
        var made = await node.Routes.AddRouteAsync(new AddRouteRequest { Route = route }, cancellationToken: cancellationToken);
        if (parsed.GetValue(AsJson)) Json.Print(writer => RouteJson.Write(writer, made));
        else Console.Out.WriteLine($"{made.RouteId} {made.Method} {ListRoutes.Address(made)} -> {ListRoutes.Target(made)} as {made.Shape}");
        return ExitCode.Ok;
    }
}
