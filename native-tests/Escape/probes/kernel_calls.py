"""Calls that reach deep into the kernel, and calls that only the machine's administrator has a use for."""
import ctypes
import mmap
import os

from probe import Outcome, all_refused, attempt, call_refused, errno_name, in_child, probe, system_call


@probe("bpf", control=True)
def bpf(host):
    import struct

    # BPF_MAP_CREATE of an array: type 2, key 4, value 4, one entry.
    attributes = ctypes.create_string_buffer(struct.pack("IIII", 2, 4, 4, 1) + bytes(112))
    return call_refused(321, 0, attributes, 128)


@probe("perf_event_open", control=True)
def perf(host):
    import struct

    # A software event (PERF_COUNT_SW_CPU_CLOCK) of this process.
    attributes = ctypes.create_string_buffer(struct.pack("IIQ", 1, 112, 0) + bytes(96))
    return call_refused(298, attributes, 0, -1, -1, 0)


@probe("keyrings", control=True)
def keyrings(host):
    return all_refused([
        ("add_key", in_child(lambda: call_refused(248, "user", "hearth-probe", b"x", 1, -2))),
        ("request_key", in_child(lambda: call_refused(249, "user", "hearth-probe", None, 0))),
        ("keyctl", in_child(lambda: call_refused(250, 0, -3, 1))),
    ])


@probe("io_uring")
def io_uring(host):
    parameters = ctypes.create_string_buffer(120)
    return all_refused([("setup", call_refused(425, 4, parameters)), ("enter", call_refused(426, 0, 0, 0, 0, None, 0)), ("register", call_refused(427, 0, 0, None, 0))])


@probe("userfaultfd", control=True)
def userfaultfd(host):
    return call_refused(323, os.O_CLOEXEC | 1)


@probe("kernel_modules")
def modules(host):
    return all_refused([
        ("init_module", call_refused(175, b"\x7fELF", 4, "")),
        ("finit_module", call_refused(313, 0, "", 0)),
        ("delete_module", call_refused(176, "hearth_no_such_module", 0)),
    ])


@probe("kexec")
def kexec(host):
    return all_refused([("kexec_load", call_refused(246, 0, 0, None, 0)), ("kexec_file_load", call_refused(320, -1, -1, 0, None, 8))])


@probe("kernel_log", control=True)
def kernel_log(host):
    buffer = ctypes.create_string_buffer(256)
    # SYSLOG_ACTION_READ_ALL, SYSLOG_ACTION_SIZE_BUFFER; /dev/kmsg
    return all_refused([("read", call_refused(103, 3, buffer, 256)), ("size", call_refused(103, 10, None, 0)), ("kmsg", attempt(os.open, "/dev/kmsg", os.O_RDONLY | os.O_NONBLOCK)), ("proc", attempt(os.open, "/proc/kmsg", os.O_RDONLY | os.O_NONBLOCK))])


@probe("set_clock")
def set_clock(host):
    import struct
    import time

    now = ctypes.create_string_buffer(struct.pack("qq", int(time.time()), 0))
    # clock_settime, settimeofday, and adjtimex with ADJ_OFFSET (nothing is changed where the offset is zero)
    adjustment = ctypes.create_string_buffer(struct.pack("I", 1) + bytes(204))
    return all_refused([("clock_settime", call_refused(227, 0, now)), ("settimeofday", call_refused(164, now, None)), ("adjtimex", call_refused(159, adjustment)), ("clock_adjtime", call_refused(305, 0, adjustment))])


@probe("reboot")
def reboot(host):
    # With wrong magic numbers: a kernel that let the call through answers EINVAL, and nothing else happens.
    outcome = call_refused(169, 0, 0, 0, None)
    return Outcome(outcome.refused and outcome.how != "EINVAL", outcome.how)


@probe("swap")
def swap(host):
    return all_refused([("swapon", call_refused(167, "/tmp/none", 0)), ("swapoff", call_refused(168, "/tmp/none"))])


@probe("host_names")
def host_names(host):
    return all_refused([("sethostname", call_refused(170, "probe", 5)), ("setdomainname", call_refused(171, "probe", 5))])


@probe("io_ports")
def io_ports(host):
    return all_refused([("iopl", in_child(lambda: call_refused(172, 3))), ("ioperm", in_child(lambda: call_refused(173, 0x80, 1, 1)))])


@probe("accounting_and_quota")
def accounting(host):
    return all_refused([("acct", call_refused(163, "/tmp/acct")), ("quotactl", call_refused(179, 0x800002, "/dev/loop0", 0, None)), ("quotactl_fd", call_refused(443, 0, 0x800002, 0, None))])


@probe("personality", control=True)
def personality(host):
    """ADDR_NO_RANDOMIZE and READ_IMPLIES_EXEC weaken the process; asking (0xffffffff) may be allowed."""
    return all_refused((hex(value), in_child(lambda value=value: call_refused(135, value))) for value in [0x0040000, 0x0400000, 8])


@probe("obsolete_calls")
def obsolete(host):
    numbers = {"uselib": 134, "ustat": 136, "sysfs": 139, "_sysctl": 156, "nfsservctl": 180, "lookup_dcookie": 212, "vhangup": 153, "modify_ldt": 154, "create_module": 174}
    return all_refused((name, in_child(lambda number=number: call_refused(number, 0, None, 0, None, 0))) for name, number in numbers.items())


@probe("fanotify", control=True)
def fanotify(host):
    return call_refused(300, 0, 0)


@probe("socket_filters", control=True)
def socket_filters(host):
    """A filter of one instruction, SO_ATTACH_FILTER; then the other ways in: by descriptor, for a group of sockets, and locking what is there."""
    import socket
    import struct

    code = ctypes.create_string_buffer(struct.pack("HBBI", 6, 0, 0, 0xFFFFFFFF))
    program = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", 1, ctypes.addressof(code)))
    number = ctypes.create_string_buffer(struct.pack("i", 1))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as target:
        options = [("attach", 26, program), ("reuseport", 51, program), ("lock", 44, number), ("detach", 27, number), ("bpf", 50, number), ("reuseport bpf", 52, number), ("detach reuseport", 68, number)]
        return all_refused((name, call_refused(54, target.fileno(), 1, option, value, len(value) - 1)) for name, option, value in options)


@probe("own_seccomp_filters", control=True)
def own_filters(host):
    import struct

    def program():
        code = ctypes.create_string_buffer(struct.pack("HBBI", 6, 0, 0, 0x7FFF0000))
        return code, ctypes.create_string_buffer(struct.pack("HxxxxxxQ", 1, ctypes.addressof(code)))

    def by(number, *arguments):
        code, filter_ = program()
        return call_refused(number, *arguments, filter_, 0, 0)

    return all_refused([("seccomp", in_child(lambda: by(317, 1, 0))), ("prctl", in_child(lambda: by(157, 22, 2))), ("strict", in_child(lambda: call_refused(157, 22, 1, None, 0, 0)))])


@probe("core_scheduling")
def core_scheduling(host):
    # PR_SCHED_CORE, PR_SCHED_CORE_CREATE for this process
    return in_child(lambda: call_refused(157, 62, 1, 0, 0, None))


@probe("merging_of_equal_pages", control=True)
def merge_pages(host):
    """Where the host merges pages, the time of a write tells what a neighbour holds. Advice for one range, and for all of the process."""

    def advise():
        with mmap.mmap(-1, 1 << 16) as memory:
            return attempt(memory.madvise, 12)  # MADV_MERGEABLE

    # PR_SET_MEMORY_MERGE is newer than some kernels, which refuse it themselves: that is no less refused.
    return all_refused([("madvise", advise()), ("prctl", in_child(lambda: call_refused(157, 67, 1, 0, 0, 0)))])


@probe("flush_of_the_hosts_disks", control=True)
def sync_disks(host):
    """syncfs is answered as done without being carried out: so even for a descriptor that is none."""
    result, error = system_call(306, -1)
    return Outcome(result == 0, "answered, not done" if result == 0 else f"carried out: {errno_name(error)}")


@probe("watch_readers_of_the_hosts_files", control=True)
def watch_readers(host):
    watcher, _ = system_call(294, os.O_CLOEXEC | os.O_NONBLOCK)
    folder = os.open("/usr/bin", os.O_RDONLY)
    try:
        # IN_ACCESS, IN_CLOSE_NOWRITE, IN_OPEN, IN_ALL_EVENTS; F_NOTIFY with DN_ACCESS
        tries = [(hex(mask), call_refused(254, watcher, "/usr/bin", mask)) for mask in [1, 0x10, 0x20, 0xFFF, 0x100 | 0x20]]
        tries.append(("F_NOTIFY", call_refused(72, folder, 1026, 1)))
        return all_refused(tries)
    finally:
        os.close(folder)
        os.close(watcher)


@probe("page_cache_of_the_host", control=True)
def page_cache(host):
    """Whether somebody has read a page of the host's files lately: preadv2 with RWF_NOWAIT tells, and so does cachestat."""
    import struct

    buffer = ctypes.create_string_buffer(16)
    part = ctypes.create_string_buffer(struct.pack("QQ", ctypes.addressof(buffer), 16))
    extent = ctypes.create_string_buffer(struct.pack("QQ", 0, 4096))
    answer = ctypes.create_string_buffer(64)
    descriptor = os.open("/usr/bin/env", os.O_RDONLY)
    try:
        os.read(descriptor, 16)
        return all_refused([("preadv2", call_refused(327, descriptor, part, 1, 0, 0, 8)), ("cachestat", call_refused(451, descriptor, extent, answer, 0))])
    finally:
        os.close(descriptor)


@probe("numa_of_others")
def numa(host):
    return all_refused([("migrate_pages", call_refused(256, 1, 64, None, None)), ("move_pages", call_refused(279, 1, 0, None, None, None, 0))])


def machine_code(code):
    function_type = ctypes.CFUNCTYPE(ctypes.c_long)
    memory = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    memory.write(code)
    address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    return function_type(address)()


@probe("i386_system_call")
def i386(host):
    # mov eax, 20 (getpid); int 0x80; ret. Death by SIGSYS is the refusal (SIGSEGV where the kernel has no 32-bit support).
    return in_child(lambda: Outcome(False, f"returned {machine_code(bytes.fromhex('b814000000cd80c3'))}"))


@probe("x32_system_call")
def x32(host):
    # mov eax, 0x40000027 (getpid of x32); syscall; ret. Where the kernel has no x32 it says ENOSYS, but our filter must have killed first.
    return in_child(lambda: Outcome(False, f"returned {machine_code(bytes.fromhex('b8270000400f05c3'))}"))


@probe("seccomp_undone")
def seccomp_undone(host):
    """A filter of one's own may be added; the mode cannot be left. PR_SET_SECCOMP with mode 0, PR_SET_NO_NEW_PRIVS with 0."""
    return all_refused([("mode 0", in_child(lambda: call_refused(157, 22, 0, None, 0, 0))), ("no_new_privs 0", in_child(lambda: call_refused(157, 38, 0, 0, 0, 0)))])
