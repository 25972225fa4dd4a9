using System.Collections.Frozen;
using Microsoft.Extensions.Primitives;

namespace Hearth.Agent.Ingress;

/// <summary>
/// Headers that belong to one connection and are not passed on (RFC 9110, 7.6.1): ten that always do, and those that the message's own Connection header names. That one is read once for all
/// of a message's headers: read for each, a long one would cost the product of both.
/// </summary>
/// <param name="connection">The values of Connection.</param>
internal readonly struct HopByHop(StringValues connection)
{
    private static readonly FrozenSet<string> s_always = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase,
        "Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authenticate", "Proxy-Authorization", "TE", "Trailer", "Transfer-Encoding", "Upgrade", "Expect");

    private readonly HashSet<string>? _named = Named(connection);

    public static bool Always(string name) => s_always.Contains(name);

    public bool Includes(string name) => s_always.Contains(name) || _named?.Contains(name) == true;

    private static HashSet<string>? Named(StringValues connection)
    {
        HashSet<string>? named = null;
        foreach (var value in connection)
        {
            foreach (var range in value.AsSpan().Split(','))
            {
                var token = value.AsSpan()[range].Trim();
                // What nearly every message says names no header.
                if (token.IsEmpty || token.Equals("keep-alive", StringComparison.OrdinalIgnoreCase) || token.Equals("close", StringComparison.OrdinalIgnoreCase))
                    continue;
                (named ??= new HashSet<string>(StringComparer.OrdinalIgnoreCase)).Add(token.ToString());
            }
        }
        return named;
    }
}
