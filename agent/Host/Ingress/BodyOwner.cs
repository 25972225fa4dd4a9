using System.Net;
using System.Net.Sockets;

namespace Hearth.Agent.Ingress;

/// <summary>
/// Whom an event's bytes count for. Those of a function's proved callers and those of its public URL are two, so that the second never keep out the first; a body whose signature is not
/// checked yet is its sender's, as anybody can name a function.
/// </summary>
/// <param name="Function">Name; null for a sender.</param>
/// <param name="Peer">The other end of the connection; null for a function.</param>
/// <param name="IsProved">It is known who sends it.</param>
internal readonly record struct BodyOwner(string? Function, IPAddress? Peer, bool IsProved)
{
    private const int NetworkBytes = 8;

    public static BodyOwner Of(string function, bool isProved) => new(function, null, isProved);

    /// <summary>Of IPv6 the /64, which is the least that one customer gets.</summary>
    public static BodyOwner Of(ConnectionInfo connection) => new(null, connection.RemoteIpAddress is { } address ? Network(address) : IPAddress.Loopback, false);

    private static IPAddress Network(IPAddress address)
    {
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
            return address;
        if (address.IsIPv4MappedToIPv6)
            return address.MapToIPv4();
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out _);
        bytes[NetworkBytes..].Clear();
        return new IPAddress(bytes);
    }
}
