using Microsoft.Extensions.Primitives;

namespace Hearth.Agent.Ingress;

/// <summary>Headers that belong to one connection and are not passed on (RFC 9110, 7.6.1).</summary>
internal static class HopByHop
{
    private static readonly HashSet<string> s_always = new(StringComparer.OrdinalIgnoreCase)
    {
        "Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authenticate", "Proxy-Authorization", "TE", "Trailer", "Transfer-Encoding", "Upgrade", "Expect",
    };

    /// <param name="name">Of the header in question.</param>
    /// <param name="connection">The value of Connection, which may name more.</param>
    public static bool Is(string name, StringValues connection)
    {
        if (s_always.Contains(name))
            return true;
        foreach (var value in connection)
        {
            if (value is not null && value.Split(',').Any(token => token.AsSpan().Trim().Equals(name, StringComparison.OrdinalIgnoreCase)))
                return true;
        }
        return false;
    }
}
