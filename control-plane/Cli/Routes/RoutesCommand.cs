using System.CommandLine;
using Hearth.Cli.Parsing;

namespace Hearth.Cli.Routes;

/// <summary><c>hearth routes</c>: HTTP requests that go to functions in the shape of an AWS front door.</summary>
internal static class RoutesCommand
{
    public static Command Create() => new Verb("routes", "Give HTTP requests to functions, as API Gateway, a load balancer or a function URL would.",
        "hearth routes add --path '/shop/{proxy+}' --method ANY --function shop --shape apigw-v2", "hearth routes ls", "hearth routes rm x7c0d2kq1m")
    {
        AddRoute.Create(),
        ListRoutes.Create(),
        RemoveRoute.Create(),
    };
}
