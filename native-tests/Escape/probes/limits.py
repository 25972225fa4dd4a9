"""Limits that protect the neighbours. Memory is tried by the end-to-end tests, which need a neighbour to look at."""
import os
import resource
import signal

from probe import Outcome, all_refused, call_refused, errno_name, probe, system_call


@probe("resource_limits", control=True)
def limits(host):
    """As measured on Lambda, but for core files: nothing is left of what the shell had that the node was started from."""
    no = resource.RLIM_INFINITY
    wanted = {"NOFILE": (1024, 1024), "NPROC": (742, 742), "MEMLOCK": (65536, 65536), "STACK": (8 << 20, no), "MSGQUEUE": (0, 0), "CORE": (1, 1),
              "CPU": (no, no), "FSIZE": (no, no), "DATA": (no, no), "AS": (no, no)}
    wrong = {name: got for name, limit in wanted.items() if (got := resource.getrlimit(getattr(resource, "RLIMIT_" + name))) != limit}
    return Outcome(not wrong, str(wrong) if wrong else "as on Lambda")


@probe("core_limit_changed")
def core_limit(host):
    """1 keeps the host's core handler away even where it is a pipe; 0 would bring it back, so it may not even be lowered. The pointer's low half may be zero."""
    import ctypes
    import mmap
    import struct

    limit = ctypes.create_string_buffer(struct.pack("QQ", 0, 0))
    tries = [("setrlimit", call_refused(160, 4, limit)), ("prlimit64", call_refused(302, 0, 4, limit, None))]
    # MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE at 4 GiB
    address, _ = system_call(9, 1 << 32, 4096, mmap.PROT_READ | mmap.PROT_WRITE, 0x100022, -1, 0)
    if address == 1 << 32:
        tries.append(("prlimit64 at 4 GiB", call_refused(302, 0, 4, ctypes.c_void_p(address), None)))
    return all_refused(tries)


@probe("descriptor_exhaustion")
def descriptors(host):
    opened = []
    try:
        while len(opened) < 4096:
            opened.append(os.open("/dev/null", os.O_RDONLY))
        return Outcome(False, f"{len(opened)} opened")
    except OSError as failure:
        return Outcome(len(opened) < 1024, f"{errno_name(failure.errno)} after {len(opened)}")
    finally:
        for descriptor in opened:
            os.close(descriptor)


@probe("fork_bomb")
def fork_bomb(host):
    children = []
    try:
        while len(children) < 4096:
            child = os.fork()
            if child == 0:
                signal.pause()
                os._exit(0)
            children.append(child)
        return Outcome(False, f"{len(children)} forked")
    except OSError as failure:
        return Outcome(len(children) < 742, f"{errno_name(failure.errno)} after {len(children)}")
    finally:
        for child in children:
            os.kill(child, signal.SIGKILL)
        for child in children:
            os.waitpid(child, 0)


@probe("temporary_space")
def temporary_space(host):
    """The setting is 512 MB: no file system data beyond it, to the byte that a block allows."""
    written, path = 0, "/tmp/fill"
    block = bytes(1 << 20)
    try:
        with open(path, "wb", buffering=0) as file:
            while written < 700 << 20:
                written += file.write(block)
        return Outcome(False, f"{written >> 20} MiB written")
    except OSError as failure:
        return Outcome(errno_name(failure.errno) == "ENOSPC" and 440 << 20 <= written <= 512 << 20, f"{errno_name(failure.errno)} after {written} bytes")
    finally:
        os.unlink(path)


@probe("huge_mappings")
def lock_memory(host):
    """Memory that cannot be reclaimed is limited."""
    import ctypes
    import mmap

    memory = mmap.mmap(-1, 64 << 20)
    address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    return call_refused(149, ctypes.c_void_p(address), 64 << 20)
