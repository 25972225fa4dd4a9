"""Joining and making namespaces."""
import ctypes
import os
import struct

from probe import Outcome, all_refused, call_refused, errno_name, in_child, probe, system_call

KINDS = {"mnt": 0x20000, "uts": 0x4000000, "ipc": 0x8000000, "user": 0x10000000, "pid": 0x20000000, "net": 0x40000000, "cgroup": 0x2000000, "time": 0x80}


def join(path):
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError as failure:
        return Outcome(True, errno_name(failure.errno))
    return call_refused(308, descriptor, 0)


@probe("setns_own")
def setns_own(host):
    """Joining what one is in already is a no-op that the kernel may grant (not for user and mount): the call itself must be out of reach."""
    return all_refused((kind, in_child(lambda kind=kind: join(f"/proc/self/ns/{kind}"))) for kind in KINDS)


@probe("setns_init")
def setns_init(host):
    return all_refused((kind, in_child(lambda kind=kind: join(f"/proc/1/ns/{kind}"))) for kind in KINDS)


@probe("setns_by_pidfd")
def setns_pidfd(host):
    def tries():
        try:
            descriptor = os.pidfd_open(1)
        except OSError as failure:
            return Outcome(True, errno_name(failure.errno))
        return call_refused(308, descriptor, KINDS["mnt"] | KINDS["pid"] | KINDS["net"])

    return in_child(tries)


def unshare_probe(kind, flag):
    @probe(f"unshare_{kind}", control=kind in ("mnt", "uts", "ipc", "net", "user"))
    def unshare(host):
        return in_child(lambda: call_refused(272, flag))


# unshare_mnt, unshare_uts, unshare_ipc, unshare_user, unshare_pid, unshare_net, unshare_cgroup, unshare_time
for _kind, _flag in KINDS.items():
    unshare_probe(_kind, _flag)


@probe("nested_user_namespace")
def nested_user(host):
    """The way to capabilities: a user namespace together with each other kind."""
    return all_refused((kind, in_child(lambda flag=flag: call_refused(272, KINDS["user"] | flag))) for kind, flag in KINDS.items() if kind != "user")


@probe("clone_new_user", control=True)
def clone_user(host):
    def clone():
        # clone(CLONE_NEWUSER | SIGCHLD): the child, if there is one, ends at once.
        result, error = system_call(56, KINDS["user"] | 17, None, None, None, None)
        if result == 0:
            os._exit(0)
        if result > 0:
            os.waitpid(result, 0)
        return Outcome(result == -1, errno_name(error) if result == -1 else "a child in a new user namespace")

    return in_child(clone)


@probe("clone_sibling", control=True)
def clone_sibling(host):
    """CLONE_PARENT: a child of one's parent, who may be outside of the sandbox and not wait for it."""
    def clone():
        result, error = system_call(56, 0x8000 | 17, None, None, None, None)
        if result == 0:
            os._exit(0)
        return Outcome(result == -1, errno_name(error) if result == -1 else "a child of the parent's")

    outcome = in_child(clone)
    if not outcome.refused:
        os.waitpid(-1, 0)
    return outcome


@probe("clone3_new_namespaces")
def clone3(host):
    def clone():
        arguments = ctypes.create_string_buffer(struct.pack("8Q", KINDS["user"] | KINDS["mnt"], 0, 0, 0, 17, 0, 0, 0) + bytes(24))
        result, error = system_call(435, arguments, 64)
        if result == 0:
            os._exit(0)
        if result > 0:
            os.waitpid(result, 0)
        return Outcome(result == -1, errno_name(error) if result == -1 else "a child in new namespaces")

    return in_child(clone)


@probe("write_id_maps")
def id_maps(host):
    from probe import write_refused

    return all_refused((name, write_refused(f"/proc/self/{name}", b"0 0 1\n")) for name in ["uid_map", "gid_map", "setgroups"])
