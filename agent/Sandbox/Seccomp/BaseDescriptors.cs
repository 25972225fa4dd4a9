namespace Hearth.Sandbox.Seccomp;

/// <summary>Pipes, events and waiting on descriptors.</summary>
internal static class BaseDescriptors
{
    public static readonly SeccompRule[] Rules =
    [
        SeccompRule.Allow("dup", 32, 23, "every program"),
        SeccompRule.Allow("dup2", 33, SeccompRule.Absent, "every program"),
        SeccompRule.Allow("dup3", 292, 24, "every program"),
        SeccompRule.Allow("pipe", 22, SeccompRule.Absent, "every program"),
        SeccompRule.Allow("pipe2", 293, 59, "every program"),
        SeccompRule.Allow("poll", 7, SeccompRule.Absent, "every program"),
        SeccompRule.Allow("ppoll", 271, 73, "every program"),
        SeccompRule.Allow("select", 23, SeccompRule.Absent, "older programs"),
        SeccompRule.Allow("pselect6", 270, 72, "libc's select"),
        SeccompRule.Allow("epoll_create", 213, SeccompRule.Absent, "older libc"),
        SeccompRule.Allow("epoll_create1", 291, 20, "event loops"),
        SeccompRule.Allow("epoll_ctl", 233, 21, "event loops"),
        SeccompRule.Allow("epoll_wait", 232, SeccompRule.Absent, "event loops"),
        SeccompRule.Allow("epoll_pwait", 281, 22, "libc's epoll_wait on aarch64; libuv"),
        SeccompRule.Allow("epoll_pwait2", 441, 441, "libc, nanosecond time limits"),
        SeccompRule.Allow("eventfd", 284, SeccompRule.Absent, "older libc"),
        SeccompRule.Allow("eventfd2", 290, 19, "libuv, .NET"),
        SeccompRule.Allow("signalfd", 282, SeccompRule.Absent, "older libc"),
        SeccompRule.Allow("signalfd4", 289, 74, "supervisors"),
        SeccompRule.Allow("timerfd_create", 283, 85, "event loops"),
        SeccompRule.Allow("timerfd_settime", 286, 86, "event loops"),
        SeccompRule.Allow("timerfd_gettime", 287, 87, "event loops"),
        SeccompRule.Allow("memfd_create", 319, 279, ".NET's W^X double mapping, multiprocessing"),
    ];
}
