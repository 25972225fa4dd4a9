using System.Text.RegularExpressions;
using Hearth.Contracts;

namespace Hearth.ControlPlane.Routes;

/// <summary>What a route may say.</summary>
internal static partial class RouteRules
{
    public const string Any = "ANY";

    /// <summary>Of all functions together.</summary>
    public const int MaxRoutes = 1_000;

    private const int MaxPath = 512;
    private static readonly string[] Methods = [Any, "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    private static readonly string[] Shapes = ["url", "apigw-v1", "apigw-v2", "alb", "alb-multi"];

    /// <exception cref="LambdaException">InvalidParameterValueException that says what is wrong.</exception>
    public static void Check(string host, string method, string path, string shape)
    {
        if (host.Length > 253 || (host.Length > 0 && !HostName().IsMatch(host)))
            throw Invalid($"'{Short(host)}' is no host name: letters, digits and hyphens in labels of at most 63, separated by dots, and no port.");
        // The node's own names: whoever gave them away could not invoke or manage anything any more.
        if (host == "localhost" || System.Net.IPAddress.TryParse(host, out _) || host.Contains(".lambda-url.", StringComparison.Ordinal))
            throw Invalid($"'{host}' cannot be the host of a route: localhost, addresses and function URLs are this node's own.");
        if (!Methods.Contains(method))
            throw Invalid($"'{Short(method)}' is no method of a route: {string.Join(", ", Methods)}.");
        if (!Shapes.Contains(shape))
            throw Invalid($"'{Short(shape)}' is no shape: {string.Join(", ", Shapes)}.");
        CheckPath(path);
    }

    private static void CheckPath(string path)
    {
        if (path.Length is 0 or > MaxPath || path[0] != '/')
            throw Invalid($"The path of a route begins with / and has at most {MaxPath} characters: /shop/{{proxy+}}.");
        var names = new HashSet<string>(StringComparer.Ordinal);
        string[] segments = path == "/" ? [] : path[1..].Split('/');
        for (int i = 0; i < segments.Length; i++)
        {
            Match variable = Variable().Match(segments[i]);
            if (!variable.Success && !Literal().IsMatch(segments[i]))
                throw Invalid($"'{Short(segments[i])}' is no segment of a route's path: letters, digits and .-_~!$&'()*+,;=:@%, or {{name}}, or {{name+}} as the last.");
            if (!variable.Success)
                continue;
            if (variable.Groups["greedy"].Success && i < segments.Length - 1)
                throw Invalid($"{segments[i]} takes all the rest of a path: it must be the last segment.");
            if (!names.Add(variable.Groups["name"].Value))
                throw Invalid($"The path has two parameters named {variable.Groups["name"].Value}.");
        }
    }

    private static string Short(string text) => text.Length <= 64 ? text : text[..64] + "…";

    private static LambdaException Invalid(string message) => new(LambdaError.InvalidParameterValue(message));

    [GeneratedRegex(@"\A[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*\z", RegexOptions.CultureInvariant)]
    private static partial Regex HostName();

    [GeneratedRegex(@"\A\{(?<name>[a-zA-Z0-9._-]{1,64})(?<greedy>\+)?\}\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Variable();

    [GeneratedRegex(@"\A[a-zA-Z0-9.\-_~!$&'()*+,;=:@%]+\z", RegexOptions.CultureInvariant)]
    private static partial Regex Literal();
}
