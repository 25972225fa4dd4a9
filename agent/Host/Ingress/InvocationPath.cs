namespace Hearth.Agent.Ingress;

/// <summary>POST /2015-03-31/functions/NAME/invocations, the one path that is not the control plane's.</summary>
internal static class InvocationPath
{
    private const string Prefix = "/2015-03-31/functions/";
    private const string Suffix = "/invocations";

    public static bool TryMatch(HttpRequest request, out string function)
    {
        function = "";
        var path = request.Path.Value;
        if (path is null || !HttpMethods.IsPost(request.Method) || !path.StartsWith(Prefix, StringComparison.Ordinal))
            return false;
        var end = path.EndsWith('/') ? path.Length - 1 : path.Length;
        if (end < Prefix.Length + Suffix.Length || !path.AsSpan(0, end).EndsWith(Suffix))
            return false;
        var name = path[Prefix.Length..(end - Suffix.Length)];
        if (name.Contains('/'))
            return false;
        // Kestrel has decoded everything but %2F, which no name holds.
        function = name;
        return true;
    }
}
