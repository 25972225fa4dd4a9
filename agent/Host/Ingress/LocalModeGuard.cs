using System.Net;
using Hearth.Contracts;

namespace Hearth.Agent.Ingress;

/// <summary>
/// Without access keys everybody on this machine is trusted, and nobody else: a web page in the operator's browser must not reach us by a name that
/// resolves to loopback (DNS rebinding: the Host gives it away), nor by a request of its own. Those of our own origin are no better: what functions serve below
/// /_url and /_routes has it too. A proxy on this machine must not pass on what others send, who would be everything then. Function URLs and routes themselves are excepted: they are for
/// web pages, and public.
/// </summary>
internal static class LocalModeGuard
{
    public static LambdaError? Check(HttpRequest request)
    {
        // Null when the request did not come over the network (a test's own server).
        if (request.HttpContext.Connection.LocalIpAddress is { } local && !IPAddress.IsLoopback(local.IsIPv4MappedToIPv6 ? local.MapToIPv4() : local))
            return LambdaError.AccessDenied("This node serves only its own machine, because no access keys exist; make one there: hearth keys create --role admin");
        if (!IsLoopback(request.Host.Host))
            return LambdaError.AccessDenied("This node serves only its own machine: the Host header must be localhost or a loopback address, because no access keys exist.");
        if (request.Headers.Origin.Count > 0)
            return LambdaError.AccessDenied("Requests from web pages (with an Origin header) are refused while no access keys exist.");
        if (request.Headers["Sec-Fetch-Site"] is [{ } site, ..] && !site.Equals("none", StringComparison.OrdinalIgnoreCase))
            return LambdaError.AccessDenied("Requests from web pages (Sec-Fetch-Site) are refused while no access keys exist.");
        if (ProxyHeader(request) is { } header)
        {
            return LambdaError.AccessDenied(
                $"The header {header} says that a proxy passes this request on. While no access keys exist everybody whom it lets through could deploy code, so it is refused: make a key first, hearth keys create --role admin");
        }
        return null;
    }

    /// <summary>The first header that only a proxy adds; null for none. Some add none unless they are told to (nginx): those are not noticed.</summary>
    public static string? ProxyHeader(HttpRequest request)
    {
        foreach (var (name, _) in request.Headers)
        {
            if (name.StartsWith("X-Forwarded-", StringComparison.OrdinalIgnoreCase) || name.Equals("Forwarded", StringComparison.OrdinalIgnoreCase)
                || name.Equals("Via", StringComparison.OrdinalIgnoreCase) || name.Equals("X-Real-IP", StringComparison.OrdinalIgnoreCase))
                return name.Length <= 64 ? name : name[..64];
        }
        return null;
    }

    private static bool IsLoopback(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address));
}
