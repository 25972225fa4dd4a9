using Hearth.Contracts.V1;
using Microsoft.Extensions.Primitives;

namespace Hearth.Agent.Ingress.Web;

/// <summary>Cross-origin requests to a function URL that has settings for them: they, and not the function, say what a browser may do.</summary>
internal static class Cors
{
    public static bool IsPreflight(HttpRequest request) =>
        HttpMethods.IsOptions(request.Method) && request.Headers.Origin.Count > 0 && request.Headers.AccessControlRequestMethod.Count > 0;

    /// <summary>The answer to a preflight: 200 without a body, and nothing allowed to an origin that is not in the settings.</summary>
    public static void Answer(HttpContext context, CorsSpec cors)
    {
        var headers = context.Response.Headers;
        headers.ContentType = "application/json";
        context.Response.ContentLength = 0;
        if (AllowedOrigin(context.Request, cors) is null)
            return;
        Set(headers, "Access-Control-Allow-Methods", cors.AllowMethods);
        Set(headers, "Access-Control-Allow-Headers", cors.AllowHeaders);
        if (cors.MaxAgeSeconds > 0)
            headers.AccessControlMaxAge = $"{cors.MaxAgeSeconds}";
    }

    /// <summary>Every answer of the URL, errors too, says whom it is for; what the function said about it is replaced.</summary>
    public static void AddToAnswer(HttpContext context, CorsSpec cors) => context.Response.OnStarting(static state =>
    {
        var (context, cors) = ((HttpContext, CorsSpec))state;
        var headers = context.Response.Headers;
        if (context.Request.Headers.Origin.Count == 0)
            return Task.CompletedTask;
        headers.Vary = StringValues.Concat(headers.Vary, "Origin");
        headers.AccessControlAllowOrigin = AllowedOrigin(context.Request, cors);
        headers.AccessControlAllowCredentials = headers.AccessControlAllowOrigin.Count > 0 && cors.AllowCredentials ? "true" : default(StringValues);
        headers.AccessControlExposeHeaders = default;
        if (headers.AccessControlAllowOrigin.Count > 0)
            Set(headers, "Access-Control-Expose-Headers", cors.ExposeHeaders);
        return Task.CompletedTask;
    }, (context, cors));

    private static string? AllowedOrigin(HttpRequest request, CorsSpec cors)
    {
        var origin = request.Headers.Origin.ToString();
        // It may be said back, and a header of ours holds nothing else.
        if (!origin.All(static c => c is >= ' ' and <= '~'))
            return null;
        if (cors.AllowOrigins.Contains("*"))
            return cors.AllowCredentials ? origin : "*";
        return cors.AllowOrigins.Contains(origin, StringComparer.OrdinalIgnoreCase) ? origin : null;
    }

    private static void Set(IHeaderDictionary headers, string name, IReadOnlyCollection<string> values)
    {
        // Settings are a client's texts: what cannot be a header is left out.
        var text = string.Join(',', values.Where(static v => v.All(static c => c is >= ' ' and <= '~')));
        if (text.Length > 0)
            headers[name] = text;
    }
}
