namespace Hearth.Agent.Ingress;

/// <summary>
/// POST /2015-03-31/functions/NAME/invocations, its forerunner /2014-11-13/functions/NAME/invoke-async/, which only knew events, and
/// /2021-11-15/functions/NAME/response-streaming-invocations: the paths of Lambda's API that are not the control plane's.
/// </summary>
internal static class InvocationPath
{
    private const string Prefix = "/2015-03-31/functions/";
    private const string Suffix = "/invocations";
    private const string AsyncPrefix = "/2014-11-13/functions/";
    private const string AsyncSuffix = "/invoke-async";
    private const string StreamPrefix = "/2021-11-15/functions/";
    private const string StreamSuffix = "/response-streaming-invocations";

    /// <param name="isAsync">The path says that it is an event, whatever the headers say.</param>
    public static bool TryMatch(HttpRequest request, out string function, out bool isAsync)
    {
        isAsync = Matches(request, AsyncPrefix, AsyncSuffix, out function);
        return isAsync || Matches(request, Prefix, Suffix, out function);
    }

    public static bool TryMatchStream(HttpRequest request, out string function) => Matches(request, StreamPrefix, StreamSuffix, out function);

    private static bool Matches(HttpRequest request, string prefix, string suffix, out string function)
    {
        function = "";
        var path = request.Path.Value;
        if (path is null || !HttpMethods.IsPost(request.Method) || !path.StartsWith(prefix, StringComparison.Ordinal))
            return false;
        var end = path.EndsWith('/') ? path.Length - 1 : path.Length;
        if (end < prefix.Length + suffix.Length || !path.AsSpan(0, end).EndsWith(suffix))
            return false;
        var name = path[prefix.Length..(end - suffix.Length)];
        if (name.Contains('/'))
            return false;
        // Kestrel has decoded everything but %2F, which no name holds.
        function = name;
        return true;
    }
}
