using Hearth.Sandbox.Linux;
using static Hearth.Sandbox.Seccomp.SeccompTest;

namespace Hearth.Sandbox.Seccomp;

/// <summary>The calls that are decided by their arguments.</summary>
internal static class SeccompCases
{
    private static readonly SeccompAction _noFamily = SeccompAction.Errno(FilteredArguments.EAFNOSUPPORT);
    private static readonly SeccompAction _noProtocol = SeccompAction.Errno(FilteredArguments.EPROTONOSUPPORT);
    private static readonly SeccompAction _refused = SeccompAction.Errno(Errno.EPERM);

    /// <summary>
    /// Unix; TCP and UDP over either IP (no SCTP, MPTCP and others, which load kernel modules); netlink for routes, which getaddrinfo and
    /// os.networkInterfaces ask (as SOCK_RAW, which is harmless there). Raw IP is EPERM as without the capability; every other family is missing.
    /// </summary>
    public static readonly SeccompCondition Socket = new(
        _noFamily,
        new(SeccompAction.Allow, Is(0, FilteredArguments.AF_UNIX)),
        new(SeccompAction.Allow, Is(0, FilteredArguments.AF_INET, FilteredArguments.AF_INET6), Type(FilteredArguments.SOCK_STREAM), Is(2, 0, FilteredArguments.IPPROTO_TCP)),
        new(SeccompAction.Allow, Is(0, FilteredArguments.AF_INET, FilteredArguments.AF_INET6), Type(FilteredArguments.SOCK_DGRAM), Is(2, 0, FilteredArguments.IPPROTO_UDP)),
        new(_refused, Is(0, FilteredArguments.AF_INET, FilteredArguments.AF_INET6), Type(FilteredArguments.SOCK_RAW, FilteredArguments.SOCK_PACKET)),
        new(_noProtocol, Is(0, FilteredArguments.AF_INET, FilteredArguments.AF_INET6)),
        new(SeccompAction.Allow, Is(0, FilteredArguments.AF_NETLINK), Is(2, FilteredArguments.NETLINK_ROUTE)),
        new(_noProtocol, Is(0, FilteredArguments.AF_NETLINK)));

    public static readonly SeccompCondition SocketPair = new(_noFamily, new SeccompCase(SeccompAction.Allow, Is(0, FilteredArguments.AF_UNIX)));

    /// <summary>TIOCSTI and TIOCLINUX put input into a terminal that somebody else reads.</summary>
    public static readonly SeccompCondition Ioctl =
        new(SeccompAction.Allow, new SeccompCase(_refused, Is(1, FilteredArguments.TIOCSTI, FilteredArguments.TIOCLINUX)));

    /// <summary>Asking (0xffffffff) and PER_LINUX. Others change the layout of memory (ADDR_NO_RANDOMIZE, READ_IMPLIES_EXEC) or emulate other systems.</summary>
    public static readonly SeccompCondition Personality = new(_refused, new SeccompCase(SeccompAction.Allow, Is(0, 0, uint.MaxValue)));

    /// <summary>Threads and fork go on; a new namespace of any kind does not.</summary>
    public static readonly SeccompCondition CloneWithoutNamespaces = new(SeccompAction.Allow, new SeccompCase(_refused, HasAny(0, FilteredArguments.CloneNamespaces)));

    // The kernel puts SOCK_NONBLOCK and SOCK_CLOEXEC above SOCK_TYPE_MASK.
    private static SeccompTest Type(params uint[] types) => Masked(1, 0xf, types);
}
