"""
Hearth's zygote for Python: a process that has loaded the interpreter and our client, and nothing of any tenant. The spawner starts it once and has it fork a child
into each sandbox. It runs as a user of its own that owns the sandboxes' user namespaces, without a capability on the host, below the base seccomp filter.

Descriptors: 3 a SOCK_SEQPACKET socket to the spawner, 4 the closing seccomp program. Orders and answers are agent/Sandbox/Protocol/ZygoteMessages.cs.
"""
import sys

_here = __file__.rpartition("/")[0] or "."
if _here not in sys.path:
    sys.path.append(_here)

import _socket
import ctypes
import errno
import gc
import io
import os
import resource

from _hearth import loop

_SOCKET = 3
_ORDER_BYTES = 16
_MOST_DESCRIPTORS = 16
_HANDLER = 993
_NOBODY = b"\0" * 12
# As in Init.cs.
_MOST_PROCESSES = 742
# In the order in which they are joined, which is that of the order's descriptors: the user namespace gives the right to join the others.
_NAMESPACES = (0x10000000, 0x20000, 0x20000000, 0x40000000, 0x8000000, 0x4000000, 0x2000000)
_PIPES = 3
# SetupStep of the spawner.
_STEP_CGROUP, _STEP_JOIN, _STEP_FORK = 80, 81, 82
_PR_SET_DUMPABLE, _PR_CAPBSET_DROP, _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL = 4, 24, 47, 4
_SYS_CLOSE_RANGE = 436
_SYS_SECCOMP = {"x86_64": 317, "aarch64": 277}[os.uname().machine]

_libc = ctypes.CDLL(None, use_errno=True)
_syscall = _libc.syscall
_long = ctypes.c_long
_prctl = _libc.prctl
_prctl.argtypes = (ctypes.c_int, ctypes.c_ulong, ctypes.c_ulong, ctypes.c_ulong, ctypes.c_ulong)
_setns = _libc.setns
_capset = _libc.capset


class _Failed(Exception):
    def __init__(self, step, error):
        super().__init__(step, error)
        self.step = step
        self.error = error


class _Program(ctypes.Structure):
    """struct sock_fprog."""
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]


def main():
    closing = _read_all(4)
    # So that no descriptor of an order is ever 4.
    os.dup2(0, 4)
    program = ctypes.create_string_buffer(closing, len(closing))
    filter_ = _Program(len(closing) // 8, ctypes.addressof(program))
    loop.prepare()
    _load(sys.argv[1:])
    socket = _socket.socket(fileno=_SOCKET)
    # What is there now is never looked at by the collector: a look writes, and a written page is the child's own.
    gc.collect()
    gc.freeze()
    socket.send(_answer(_NOBODY, 0, 0, 0))
    while True:
        order, descriptors = _receive(socket)
        if order is None:
            os._exit(0)
        if _fork_into(socket, order, descriptors, filter_):
            break
    # In a child, in its sandbox, as the handler's user: 3 is the requests' pipe by now. Python gives its own generators new seeds, but not numpy's.
    socket.detach()
    _reopen_streams()
    if "numpy.random" in sys.modules:
        sys.modules["numpy.random"].seed()
    sys.argv = [_here + "/bootstrap.py"]
    loop.run(_here)


def _load(modules):
    """The operator's. One that cannot be loaded is no reason to have no zygote."""
    for name in modules:
        try:
            __import__(name)
        except BaseException as error:
            os.write(2, ("hearth: the zygote goes without %s: %s\n" % (name, error)).encode())


def _read_all(fd):
    pieces = []
    while piece := os.read(fd, 65536):
        pieces.append(piece)
    return b"".join(pieces)


def _reopen_streams():
    """What they remember of the zygote's files, such as whether one can seek, is not so in the sandbox."""
    for name, fd, mode in (("stdin", 0, "r"), ("stdout", 1, "w"), ("stderr", 2, "w")):
        before = getattr(sys, name)
        buffer = open(fd, mode + "b", closefd=False)
        (buffer.raw if hasattr(buffer, "raw") else buffer).name = "<%s>" % name
        stream = io.TextIOWrapper(buffer, encoding=before.encoding, errors=before.errors, newline=None if fd == 0 else "\n", line_buffering=fd == 2)
        stream.mode = mode
        setattr(sys, name, stream)
        setattr(sys, "__%s__" % name, stream)


def _receive(socket):
    order, ancillary, flags, _ = socket.recvmsg(_ORDER_BYTES, _socket.CMSG_SPACE(_MOST_DESCRIPTORS * 4), _socket.MSG_CMSG_CLOEXEC)
    if len(order) != _ORDER_BYTES:
        return None, ()
    data = ancillary[0][2] if ancillary else b""
    descriptors = [int.from_bytes(data[i:i + 4], sys.byteorder) for i in range(0, len(data), 4)]
    # With fewer it would be in some of its sandbox's groups only.
    is_whole = not flags & _socket.MSG_CTRUNC and len(descriptors) == int.from_bytes(order[12:16], "little")
    return order, descriptors if is_whole else _close(descriptors)


def _close(descriptors):
    for fd in descriptors:
        os.close(fd)
    return ()


def _answer(head, pid, error, step):
    return head[:12] + pid.to_bytes(4, "little") + error.to_bytes(4, "little") + step.to_bytes(4, "little")


def _fork_into(socket, order, descriptors, filter_):
    """True in the child; in the zygote False, when it has answered."""
    if not descriptors:
        socket.send(_answer(order, 0, errno.EMFILE, _STEP_FORK))
        return False
    try:
        result, told = os.pipe()
    except OSError as error:
        _close(descriptors)
        socket.send(_answer(order, 0, error.errno, _STEP_FORK))
        return False
    try:
        pid = os.fork()
    except OSError as error:
        _close([result, told, *descriptors])
        socket.send(_answer(order, 0, error.errno, _STEP_FORK))
        return False
    if pid == 0:
        # A process joins a PID namespace by its children alone, and can never leave a user namespace: so one in between joins, forks and ends. Its child is then
        # the spawner's, which is the nearest subreaper.
        try:
            _join(descriptors)
            _enter_groups(descriptors)
            try:
                pid = os.fork()
            except OSError as error:
                raise _Failed(_STEP_FORK, error.errno) from None
        except _Failed as failure:
            os.write(told, _answer(_NOBODY, 0, failure.error, failure.step))
            os._exit(1)
        if pid > 0:
            os.write(told, _answer(_NOBODY, pid, 0, 0))
            os._exit(0)
        _become_handler(descriptors, filter_)
        return True
    _close([told, *descriptors])
    answer = os.read(result, 24)
    os.close(result)
    os.waitpid(pid, 0)
    if len(answer) != 24:
        # It was killed, with a child or without: who killed it has killed the sandbox.
        answer = _answer(_NOBODY, 0, errno.ESRCH, _STEP_FORK)
    socket.send(order[:12] + answer[12:])
    return False


def _join(descriptors):
    for fd, kind in zip(descriptors, _NAMESPACES):
        if _setns(fd, kind) != 0:
            raise _Failed(_STEP_JOIN, ctypes.get_errno())


def _enter_groups(descriptors):
    """Late, since in the sandbox's groups it has the sandbox's share of CPU, and the zygote waits for it; but before the fork: the child is charged to them from its first page."""
    for fd in descriptors[len(_NAMESPACES) + _PIPES:]:
        try:
            os.write(fd, b"0")
        except OSError as error:
            raise _Failed(_STEP_CGROUP, error.errno) from None


def _become_handler(descriptors, filter_):
    """The last steps of Init.BecomeRuntime: whatever fails ends this process, so that no tenant's code ever runs half-made."""
    try:
        requests, responses, logs = descriptors[len(_NAMESPACES):len(_NAMESPACES) + _PIPES]
        for fd, target in ((logs, 1), (logs, 2), (requests, 3), (responses, 4)):
            os.dup2(fd, target)
        # The zygote's own is open in all its children, who could talk through its flags.
        os.dup2(os.open("/dev/null", os.O_RDONLY), 0)
        _check(_syscall(_long(_SYS_CLOSE_RANGE), _long(5), _long(0xFFFFFFFF), _long(0)))
        os.setsid()
        os.umask(0o022)
        resource.setrlimit(resource.RLIMIT_NPROC, (_MOST_PROCESSES, _MOST_PROCESSES))
        for capability in range(64):
            if _prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0) != 0:
                break
        os.setresgid(_HANDLER, _HANDLER, _HANDLER)
        os.setgroups([])
        os.setresuid(_HANDLER, _HANDLER, _HANDLER)
        _check(_prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0))
        header = (ctypes.c_uint * 2)(0x20080522, 0)
        _check(_capset(header, (ctypes.c_uint * 6)()))
        os.chdir("/var/task")
        _check(_syscall(_long(_SYS_SECCOMP), _long(1), _long(0), ctypes.byref(filter_)))
        # Last of all: from here on other processes of the handler's may look into this one. Off, /proc/self would be root's; an exec turns it on again.
        _check(_prctl(_PR_SET_DUMPABLE, 1, 0, 0, 0))
        if os.getresuid() != (_HANDLER,) * 3 or os.getresgid() != (_HANDLER,) * 3 or os.getgroups():
            os._exit(127)
    except BaseException as error:
        try:
            os.write(2, ("hearth: the zygote's child ends: %s\n" % error).encode())
        finally:
            os._exit(127)


def _check(result):
    if result != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


if __name__ == "__main__":
    main()
