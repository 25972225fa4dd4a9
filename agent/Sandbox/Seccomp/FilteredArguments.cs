using Hearth.Sandbox.Linux;

namespace Hearth.Sandbox.Seccomp;

/// <summary>Values of arguments that the filters tell apart.</summary>
[NativeConstants("sched.h", "sys/socket.h", "netinet/in.h", "linux/netlink.h", "sys/ioctl.h", "errno.h", Names =
    ["CloneNamespaces=(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET)"])]
internal static class FilteredArguments
{
    public const uint AF_UNIX = 1, AF_INET = 2, AF_INET6 = 10, AF_NETLINK = 16;
    public const uint SOCK_STREAM = 1, SOCK_DGRAM = 2, SOCK_RAW = 3, SOCK_PACKET = 10;
    public const uint IPPROTO_TCP = 6, IPPROTO_UDP = 17, NETLINK_ROUTE = 0;
    public const uint TIOCSTI = 0x5412, TIOCLINUX = 0x541c;
    public const uint CloneNamespaces = 0x7e020000;
    public const int EAFNOSUPPORT = 97, EPROTONOSUPPORT = 93;
}
