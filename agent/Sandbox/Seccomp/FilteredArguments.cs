using Hearth.Sandbox.Linux;

namespace Hearth.Sandbox.Seccomp;

/// <summary>Values of arguments that the filters tell apart.</summary>
[NativeConstants("sched.h", "sys/socket.h", "netinet/in.h", "linux/netlink.h", "netinet/tcp.h", "sys/ioctl.h", "sys/prctl.h", "sys/resource.h", "sys/inotify.h", "sys/mman.h", "linux/fs.h", "fcntl.h", "errno.h", Names =
    [
        "CloneNamespaces=(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET)",
    ])]
internal static class FilteredArguments
{
    public const uint AF_UNIX = 1, AF_INET = 2, AF_INET6 = 10, AF_NETLINK = 16;
    public const uint SOCK_STREAM = 1, SOCK_DGRAM = 2, SOCK_RAW = 3, SOCK_PACKET = 10;
    public const uint IPPROTO_TCP = 6, IPPROTO_UDP = 17, NETLINK_ROUTE = 0;
    public const uint TIOCSTI = 0x5412, TIOCLINUX = 0x541c;
    public const uint CloneNamespaces = 0x7e020000, CLONE_PARENT = 0x8000;
    public const uint SOL_SOCKET = 1, SO_ATTACH_FILTER = 26, SO_DETACH_FILTER = 27, SO_LOCK_FILTER = 44, SO_ATTACH_BPF = 50, SO_ATTACH_REUSEPORT_CBPF = 51,
        SO_ATTACH_REUSEPORT_EBPF = 52, SO_DETACH_REUSEPORT_BPF = 68, TCP_ULP = 31;
    public const uint PR_SET_SECCOMP = 22, PR_SCHED_CORE = 62, RLIMIT_CORE = 4;
    public const uint IN_ACCESS = 1, IN_CLOSE_NOWRITE = 0x10, IN_OPEN = 0x20, F_NOTIFY = 1026, POSIX_FADV_DONTNEED = 4, RWF_NOWAIT = 8, MADV_MERGEABLE = 12;
    public const int EAFNOSUPPORT = 97, EPROTONOSUPPORT = 93, ENOPROTOOPT = 92;
}
