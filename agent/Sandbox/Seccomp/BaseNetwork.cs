namespace Hearth.Sandbox.Seccomp;

/// <summary>Sockets; the network namespace decides what they reach.</summary>
internal static class BaseNetwork
{
    public static readonly SeccompRule[] Rules =
    [
        SeccompRule.Check("socket", 41, 198, SeccompCases.Socket, "Unix, TCP, UDP and route netlink; see its cases"),
        SeccompRule.Check("socketpair", 53, 199, SeccompCases.SocketPair, "Unix only"),
        SeccompRule.Allow("bind", 49, 200, "servers on its loopback, Unix sockets"),
        SeccompRule.Allow("listen", 50, 201, "servers on its loopback, Unix sockets"),
        SeccompRule.Allow("accept", 43, 202, "servers on its loopback, Unix sockets"),
        SeccompRule.Allow("accept4", 288, 242, "the same"),
        SeccompRule.Allow("connect", 42, 203, "clients"),
        SeccompRule.Allow("shutdown", 48, 210, "sockets"),
        SeccompRule.Allow("getsockname", 51, 204, "sockets"),
        SeccompRule.Allow("getpeername", 52, 205, "sockets"),
        SeccompRule.Check("setsockopt", 54, 208, SeccompCases.SetSocketOption, "sockets; no programs for the kernel"),
        SeccompRule.Allow("getsockopt", 55, 209, "sockets"),
        SeccompRule.Allow("sendto", 44, 206, "sockets"),
        SeccompRule.Allow("recvfrom", 45, 207, "sockets"),
        SeccompRule.Allow("sendmsg", 46, 211, "sockets, descriptors over Unix sockets"),
        SeccompRule.Allow("recvmsg", 47, 212, "the same"),
        SeccompRule.Allow("sendmmsg", 307, 269, "the resolver sends A and AAAA at once"),
        SeccompRule.Allow("recvmmsg", 299, 243, "many datagrams at once"),
    ];
}
