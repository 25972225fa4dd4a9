using Microsoft.AspNetCore.Http.Features;

namespace Hearth.Agent.Ingress;

/// <summary>Path and query as the client wrote them: with its own percent-encoding, which signatures cover.</summary>
internal static class RawTarget
{
    public static string Of(HttpContext context)
    {
        var raw = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        return raw.StartsWith('/') ? raw : context.Request.Path.ToUriComponent() + context.Request.QueryString.ToUriComponent();
    }
}
