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
import gc
import os

from _hearth import loop

_SOCKET = 3
_ORDER_BYTES = 16
_MOST_DESCRIPTORS = 16
_HANDLER = 993
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
    socket.send(_answer(b"\0" * 12, 0, 0, 0))
    while True:
        order, descriptors = _receive(socket)
        if order is None:
            os._exit(0)
        if _fork_into(socket, order, descriptors, filter_):
            break
    # In a child, in its sandbox, as the handler's user. Python gives its own generators new seeds, but not numpy's.
    if "numpy.random" in sys.modules:
        sys.modules["numpy.random"].seed()
    sys.argv = [_here + "/bootstrap.py"]
    loop.run(_here)


def _load(modules):
    """The operator's. One that cannot be loaded is no reason to have no zygote."""
    for name in modules:
        try:
            __import__(name)
        except Exception as error:
            os.write(2, ("hearth: the zygote goes without %s: %s\n" % (name, error)).encode())


def _read_all(fd):
    pieces = []
    while piece := os.read(fd, 65536):
        pieces.append(piece)
    return b"".join(pieces)


def _receive(socket):
    order, ancillary, _, _ = socket.recvmsg(_ORDER_BYTES, _socket.CMSG_SPACE(_MOST_DESCRIPTORS * 4), _socket.MSG_CMSG_CLOEXEC)
    if len(order) != _ORDER_BYTES:
        return None, ()
    data = ancillary[0][2] if ancillary else b""
    return order, [int.from_bytes(data[i:i + 4], sys.byteorder) for i in range(0, len(data), 4)]


def _answer(head, pid, error, step):
    return head[:12] + pid.to_bytes(4, "little") + error.to_bytes(4, "little") + step.to_bytes(4, "little")


def _fork_into(socket, order, descriptors, filter_):
    """True in the child; in the zygote False, when it has answered."""
    result, told = os.pipe()
    pid = os.fork()
    if pid == 0:
        # A process joins a PID namespace by its children alone, and can never leave a user namespace: so one in between joins, forks and ends. Its child is then
        # the spawner's, which is the nearest subreaper.
        try:
            _join(descriptors)
            try:
                pid = os.fork()
            except OSError as error:
                raise _Failed(_STEP_FORK, error.errno) from None
        except _Failed as failure:
            os.write(told, _answer(b"\0" * 12, 0, failure.error, failure.step))
            os._exit(1)
        if pid > 0:
            os.write(told, _answer(b"\0" * 12, pid, 0, 0))
            os._exit(0)
        _become_handler(descriptors, filter_)
        return True
    os.close(told)
    for fd in descriptors:
        os.close(fd)
    answer = os.read(result, 24)
    os.close(result)
    os.waitpid(pid, 0)
    if len(answer) != 24:
        # It was killed: its sandbox is ending.
        answer = _answer(b"\0" * 12, 0, 3, _STEP_FORK)
    socket.send(order[:12] + answer[12:])
    return False


def _join(descriptors):
    """Namespaces, then pipes, then the sandbox's groups: first into these, since what is charged before stays with the zygote."""
    for fd in descriptors[len(_NAMESPACES) + _PIPES:]:
        try:
            os.write(fd, b"0")
        except OSError as error:
            raise _Failed(_STEP_CGROUP, error.errno) from None
    for fd, kind in zip(descriptors, _NAMESPACES):
        if _setns(fd, kind) != 0:
            raise _Failed(_STEP_JOIN, ctypes.get_errno())


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
        for capability in range(64):
            if _prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0) != 0:
                break
        os.setresgid(_HANDLER, _HANDLER, _HANDLER)
        os.setgroups([])
        os.setresuid(_HANDLER, _HANDLER, _HANDLER)
        _check(_prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0))
        header = (ctypes.c_uint * 2)(0x20080522, 0)
        _check(_capset(header, (ctypes.c_uint * 6)()))
        # Where a change of user left it off, /proc/self would be root's; an exec turns it on again.
        _check(_prctl(_PR_SET_DUMPABLE, 1, 0, 0, 0))
        os.chdir("/var/task")
        _check(_syscall(_long(_SYS_SECCOMP), _long(1), _long(0), ctypes.byref(filter_)))
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
