"""What a probe is: a function that tries one forbidden thing and returns an Outcome. Standard library only: it runs inside the sandbox."""
import ctypes
import errno
import os
import pickle
import signal
from collections import namedtuple

Outcome = namedtuple("Outcome", "refused how")

PROBES = {}

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long


def probe(name, control=False):
    """Registers a probe. control: harmless, and known to succeed for root outside a sandbox, so it is run there too to prove the probe itself."""

    def register(function):
        PROBES[name] = (function, control)
        return function

    return register


def errno_name(number):
    return errno.errorcode.get(number, str(number))


def system_call(number, *arguments):
    """The raw call: (result, errno). Strings become C strings; None is a null pointer."""
    converted = []
    for argument in arguments:
        if isinstance(argument, str):
            argument = argument.encode()
        if isinstance(argument, bytes):
            converted.append(ctypes.c_char_p(argument))
        elif argument is None:
            converted.append(ctypes.c_void_p(0))
        elif isinstance(argument, int):
            converted.append(ctypes.c_long(argument))
        else:
            converted.append(argument)
    ctypes.set_errno(0)
    result = _libc.syscall(ctypes.c_long(number), *converted)
    return result, ctypes.get_errno() if result == -1 else 0


def call_refused(number, *arguments):
    result, error = system_call(number, *arguments)
    return Outcome(result == -1, errno_name(error) if result == -1 else f"returned {result}")


def attempt(function, *arguments):
    """Refused when Python's own wrapper raises OSError."""
    try:
        value = function(*arguments)
    except OSError as failure:
        return Outcome(True, errno_name(failure.errno))
    return Outcome(False, f"succeeded: {value!r:.80}")


def read_refused(path):
    def read():
        with open(path, "rb") as file:
            return file.read(64)

    return attempt(read)


def write_refused(path, content=b"0"):
    def write():
        descriptor = os.open(path, os.O_WRONLY)
        try:
            return os.write(descriptor, content)
        finally:
            os.close(descriptor)

    return attempt(write)


def all_refused(outcomes):
    """outcomes: (what, Outcome) pairs; refused when each is, and at least one was tried."""
    outcomes = list(outcomes)
    granted = [f"{what}: {outcome.how}" for what, outcome in outcomes if not outcome.refused]
    if granted:
        return Outcome(False, "; ".join(granted)[:400])
    return Outcome(bool(outcomes), ", ".join(sorted({outcome.how for _, outcome in outcomes})) or "nothing was tried")


def in_child(function):
    """Runs a probe that may change or kill its process in a forked child. Death by a signal counts as a refusal: the filter answers so."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reader)
            try:
                outcome = function()
            except BaseException as failure:  # told to the parent, which fails the probe
                outcome = Outcome(False, f"probe failed: {failure!r}")
            os.write(writer, pickle.dumps(tuple(outcome)))
        finally:
            os._exit(0)
    os.close(writer)
    data = b""
    while chunk := os.read(reader, 65536):
        data += chunk
    os.close(reader)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return Outcome(True, f"killed by {signal.Signals(os.WTERMSIG(status)).name}")
    return Outcome(*pickle.loads(data)) if data else Outcome(False, f"child ended with status {status} and no answer")
