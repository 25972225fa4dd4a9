"""Other processes: seeing, signalling, tracing and reading them."""
import ctypes
import os
import signal

from probe import Outcome, all_refused, attempt, call_refused, probe


@probe("see_host_processes", control=True)
def see(host):
    pids = sorted(int(name) for name in os.listdir("/proc") if name.isdigit())
    # The sandbox holds its init, the runtime and what the probe forked.
    return Outcome(len(pids) <= 8, f"pids {pids[:12]}")


@probe("signal_host_process")
def signal_host(host):
    return all_refused((pid, attempt(os.kill, pid, 0)) for pid in host["pids"])


@probe("signal_init")
def signal_init(host):
    return all_refused((number, attempt(os.kill, 1, number)) for number in [signal.SIGTERM, signal.SIGKILL, signal.SIGSTOP, 0])


@probe("signal_init_by_other_calls")
def signal_others(host):
    import struct

    # siginfo: number, errno, code (SI_QUEUE); tkill, tgkill, rt_sigqueueinfo, rt_tgsigqueueinfo
    information = ctypes.create_string_buffer(struct.pack("iii", signal.SIGTERM, 0, -1) + bytes(116))
    return all_refused([
        ("tkill", call_refused(200, 1, signal.SIGTERM)),
        ("tgkill", call_refused(234, 1, 1, signal.SIGTERM)),
        ("rt_sigqueueinfo", call_refused(129, 1, signal.SIGTERM, information)),
        ("rt_tgsigqueueinfo", call_refused(297, 1, 1, signal.SIGTERM, information)),
    ])


@probe("command_line_of_the_spawner", control=True)
def command_line(host):
    with open("/proc/1/cmdline", "rb") as file:
        words = [word for word in file.read().split(b"\0") if word]
    return Outcome(words == [b"hearth-init"], f"{words[:3]}")


@probe("signal_init_by_pidfd")
def signal_pidfd(host):
    try:
        descriptor = os.pidfd_open(1)
    except OSError as failure:
        return Outcome(True, os.strerror(failure.errno))
    try:
        return call_refused(424, descriptor, signal.SIGKILL, None, 0)
    finally:
        os.close(descriptor)


@probe("ptrace_init")
def ptrace_init(host):
    # PTRACE_ATTACH, PTRACE_SEIZE
    return all_refused((request, call_refused(101, request, 1, None, None)) for request in [16, 0x4206])


@probe("ptrace_host_process")
def ptrace_host(host):
    return all_refused((pid, call_refused(101, 0x4206, pid, None, None)) for pid in host["pids"])


@probe("process_vm_readv_init")
def vm_readv(host):
    class Iovec(ctypes.Structure):
        _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]

    buffer = ctypes.create_string_buffer(64)
    local = Iovec(ctypes.cast(buffer, ctypes.c_void_p), 64)
    remote = Iovec(0x400000, 64)
    return all_refused((number, call_refused(number, 1, ctypes.byref(local), 1, ctypes.byref(remote), 1, 0)) for number in [310, 311])


@probe("pidfd_getfd_init")
def pidfd_getfd(host):
    try:
        descriptor = os.pidfd_open(1)
    except OSError as failure:
        return Outcome(True, os.strerror(failure.errno))
    try:
        return all_refused((number, call_refused(438, descriptor, number, 0)) for number in range(8))
    finally:
        os.close(descriptor)


@probe("kcmp_init")
def kcmp(host):
    return call_refused(312, os.getpid(), 1, 0, 0, 0)


@probe("priority_of_others")
def priority(host):
    """Raising one's own priority, and touching that of PID 1."""
    return all_refused([
        ("nice", attempt(os.setpriority, os.PRIO_PROCESS, 0, -10)),
        ("init", attempt(os.setpriority, os.PRIO_PROCESS, 1, 5)),
        ("real-time", attempt(lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(10)))),
    ])


@probe("raise_resource_limits")
def rlimits(host):
    import resource

    def raise_limit(name):
        return attempt(resource.setrlimit, name, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

    def guarded(name):
        try:
            return raise_limit(name)
        except ValueError as failure:  # how Python words EPERM here
            return Outcome(True, str(failure))

    return all_refused((str(name), guarded(name)) for name in [resource.RLIMIT_NOFILE, resource.RLIMIT_MEMLOCK])
