using Hearth.Agent.Functions;
using Hearth.Contracts.V1;

namespace Hearth.Agent.Ingress.Web;

/// <summary>Where a request of the web leads: a function URL, a route, or neither though it is none of ours.</summary>
/// <param name="Path">What the function sees: as it came, without our prefix and without the query.</param>
/// <param name="FullPath">The same with the prefix.</param>
/// <param name="Query">As it came, without its question mark.</param>
/// <param name="ForUrl">It was addressed to a function URL.</param>
/// <param name="DomainName">Host that belongs to it, without port.</param>
internal sealed record WebTarget(string Path, string FullPath, string Query, bool ForUrl, string DomainName, UrlSpec? Url = null, RouteMatch? Route = null);

/// <summary>
/// Which requests are not Lambda's API: ID.lambda-url.ANYTHING and the hosts of routes by their Host header, /_url/ID/... and /_routes/... by their path, so that no
/// name need be resolved.
/// </summary>
internal sealed class WebTargets(Catalogue catalogue)
{
    private const string UrlLabel = ".lambda-url.";
    private const string UrlPrefix = "/_url/";
    private const string RoutePrefix = "/_routes";

    /// <returns>Null for a request to Lambda's API.</returns>
    public WebTarget? Find(HttpContext context)
    {
        var request = context.Request;
        var host = Name(request.Host.Value);
        if (host.IndexOf(UrlLabel, StringComparison.OrdinalIgnoreCase) is > 0 and var end)
        {
            var (path, query) = Split(RawTarget.Of(context));
            return new WebTarget(path, path, query, true, host.ToString(), Url: catalogue.FindUrl(host[..end].ToString()));
        }
        var routes = catalogue.Routes;
        if (routes.HasHost(host))
        {
            var (path, query) = Split(RawTarget.Of(context));
            var name = host.ToString();
            return new WebTarget(path, path, query, false, name, Route: routes.Find(name, request.Method, path));
        }
        // Two characters decide it for all of Lambda's API.
        return request.Path.Value is ['/', '_', ..] ? Prefixed(context, host) : null;
    }

    private WebTarget? Prefixed(HttpContext context, ReadOnlySpan<char> host)
    {
        var (full, query) = Split(RawTarget.Of(context));
        if (full.StartsWith(UrlPrefix, StringComparison.Ordinal))
        {
            var end = full.IndexOf('/', UrlPrefix.Length);
            var id = end < 0 ? full[UrlPrefix.Length..] : full[UrlPrefix.Length..end];
            var url = catalogue.FindUrl(id);
            return new WebTarget(end < 0 ? "/" : full[end..], full, query, true, $"{url?.UrlId}{UrlLabel}{HostName(host)}", Url: url);
        }
        if (full != RoutePrefix && !full.StartsWith(RoutePrefix + "/", StringComparison.Ordinal))
            return null;
        var path = full.Length == RoutePrefix.Length ? "/" : full[RoutePrefix.Length..];
        return new WebTarget(path, full, query, false, HostName(host), Route: catalogue.Routes.Find("", context.Request.Method, path));
    }

    // An address has no names below it, and localhost has.
    private static string HostName(ReadOnlySpan<char> host) => host.IsEmpty || System.Net.IPAddress.TryParse(host.Trim("[]"), out _) ? "localhost" : host.ToString();

    private static ReadOnlySpan<char> Name(ReadOnlySpan<char> host)
    {
        var port = host.LastIndexOf(':');
        return port > 0 && !host[port..].Contains(']') ? host[..port] : host;
    }

    private static (string Path, string Query) Split(string target)
    {
        var mark = target.IndexOf('?', StringComparison.Ordinal);
        var path = mark < 0 ? target : target[..mark];
        return (path.Length == 0 ? "/" : path, mark < 0 ? "" : target[(mark + 1)..]);
    }
}
