using Hearth.Sandbox.Linux;
using static Hearth.Sandbox.Seccomp.SeccompTest;

namespace Hearth.Sandbox.Seccomp;

/// <summary>The calls that are decided by their arguments.</summary>
internal static class SeccompCases
{
    // linux/prctl.h from 6.4: newer than the headers that the ABI test compiles against.
    private const uint MemoryMerge = 67;

    private static readonly SeccompAction _noFamily = SeccompAction.Errno(FilteredArguments.EAFNOSUPPORT);
    private static readonly SeccompAction _noProtocol = SeccompAction.Errno(FilteredArguments.EPROTONOSUPPORT);
    private static readonly SeccompAction _noOption = SeccompAction.Errno(FilteredArguments.ENOPROTOOPT);
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

    /// <summary>
    /// A filter on a socket is a program in the kernel: its memory and the JIT's are everybody's and not counted as the function's, and what is left of it when a
    /// sandbox ends is freed by the host's own workers. TCP_ULP would put one of the kernel's protocols (TLS) under a connection.
    /// </summary>
    public static readonly SeccompCondition SetSocketOption = new(
        SeccompAction.Allow,
        new(_refused, Is(1, FilteredArguments.SOL_SOCKET), Is(
            2,
            FilteredArguments.SO_ATTACH_FILTER,
            FilteredArguments.SO_DETACH_FILTER,
            FilteredArguments.SO_LOCK_FILTER,
            FilteredArguments.SO_ATTACH_BPF,
            FilteredArguments.SO_ATTACH_REUSEPORT_CBPF,
            FilteredArguments.SO_ATTACH_REUSEPORT_EBPF,
            FilteredArguments.SO_DETACH_REUSEPORT_BPF)),
        new(_noOption, Is(1, FilteredArguments.IPPROTO_TCP), Is(2, FilteredArguments.TCP_ULP)));

    /// <summary>
    /// PR_SET_SECCOMP: a tenant's filters are programs in the kernel too. PR_SCHED_CORE: processes with a cookie of their own keep the neighbours off the sibling
    /// hardware thread. Our own filters are installed by seccomp(2). PR_SET_MEMORY_MERGE: see <see cref="MemoryAdvice"/>.
    /// </summary>
    public static readonly SeccompCondition ProcessControl =
        new(SeccompAction.Allow, new SeccompCase(SeccompAction.Errno(Errno.EINVAL), Is(0, FilteredArguments.PR_SET_SECCOMP, FilteredArguments.PR_SCHED_CORE, MemoryMerge)));

    /// <summary>MADV_MERGEABLE: where the host merges equal pages (KSM), the time of a write tells whether a neighbour or a virtual machine holds the same page.</summary>
    public static readonly SeccompCondition MemoryAdvice =
        new(SeccompAction.Allow, new SeccompCase(SeccompAction.Errno(Errno.EINVAL), Is(2, FilteredArguments.MADV_MERGEABLE)));

    /// <summary>The limit of 1 on core files is what keeps the host's core handler away: see Init. Lowering it to 0 would bring the handler back.</summary>
    public static readonly SeccompCondition SetLimit = new(SeccompAction.Allow, new SeccompCase(_refused, Is(0, FilteredArguments.RLIMIT_CORE)));

    /// <summary>Asking goes on: the pointer to a new limit is null.</summary>
    public static readonly SeccompCondition ProcessLimit = new(
        SeccompAction.Allow,
        new(_refused, Is(1, FilteredArguments.RLIMIT_CORE), HasAny(2, uint.MaxValue)),
        new(_refused, Is(1, FilteredArguments.RLIMIT_CORE), UpperHasAny(2, uint.MaxValue)));

    /// <summary>/usr is the host's own: whoever watches it for readers sees which programs the host and the neighbours start, and when. Changes may be watched.</summary>
    public static readonly SeccompCondition WatchAdd = new(
        SeccompAction.Allow,
        new SeccompCase(_refused, HasAny(2, FilteredArguments.IN_ACCESS | FilteredArguments.IN_OPEN | FilteredArguments.IN_CLOSE_NOWRITE)));

    /// <summary>F_NOTIFY: the older way to watch a folder, DN_ACCESS included.</summary>
    public static readonly SeccompCondition FileControl = new(SeccompAction.Allow, new SeccompCase(_refused, Is(1, FilteredArguments.F_NOTIFY)));

    /// <summary>RWF_NOWAIT tells whether a page of a file is in memory: of one of /usr, whether somebody has used it lately. Answered as by a file system without it.</summary>
    public static readonly SeccompCondition ReadWithFlags =
        new(SeccompAction.Allow, new SeccompCase(SeccompAction.Errno(Errno.EOPNOTSUPP), HasAny(5, FilteredArguments.RWF_NOWAIT)));

    /// <summary>POSIX_FADV_DONTNEED is answered as done: on a file of /usr it would push out of memory what every sandbox and the host read.</summary>
    public static readonly SeccompCondition Advise =
        new(SeccompAction.Allow, new SeccompCase(SeccompAction.Errno(0), Is(3, FilteredArguments.POSIX_FADV_DONTNEED)));

    /// <summary>
    /// Threads and fork go on; a new namespace of any kind does not. CLONE_PARENT: the children of a runtime that a zygote forked would be the spawner's, outside of what init
    /// can wait for.
    /// </summary>
    public static readonly SeccompCondition CloneWithoutNamespaces = new(SeccompAction.Allow, new SeccompCase(_refused, HasAny(0, FilteredArguments.CloneNamespaces | FilteredArguments.CLONE_PARENT)));

    // The kernel puts SOCK_NONBLOCK and SOCK_CLOEXEC above SOCK_TYPE_MASK.
    private static SeccompTest Type(params uint[] types) => Masked(1, 0xf, types);
}
