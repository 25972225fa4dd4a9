"""Who the handler is, and becoming someone else."""
import os
import socket

from probe import Outcome, all_refused, attempt, call_refused, in_child, probe


def status():
    with open("/proc/self/status", encoding="utf-8") as file:
        return dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)


@probe("no_capabilities", control=True)
def capabilities(host):
    sets = {name: status()[name] for name in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"]}
    return Outcome(all(int(value, 16) == 0 for value in sets.values()), str(sets))


@probe("no_new_privileges_and_filter", control=True)
def hardening(host):
    fields = status()
    return Outcome(fields["NoNewPrivs"] == "1" and fields["Seccomp"] == "2", f"NoNewPrivs {fields['NoNewPrivs']} Seccomp {fields['Seccomp']} filters {fields.get('Seccomp_filters')}")


@probe("unprivileged_user", control=True)
def user(host):
    return Outcome(os.getresuid() == (993,) * 3 and os.getresgid() == (993,) * 3 and set(os.getgroups()) <= {993}, f"{os.getresuid()} {os.getresgid()} {os.getgroups()}")


@probe("become_root")
def become_root(host):
    return all_refused([
        ("setuid", in_child(lambda: attempt(os.setuid, 0))),
        ("setgid", in_child(lambda: attempt(os.setgid, 0))),
        ("setresuid", in_child(lambda: attempt(os.setresuid, 0, 0, 0))),
        ("setreuid", in_child(lambda: attempt(os.setreuid, 0, 0))),
        ("setgroups", in_child(lambda: attempt(os.setgroups, [0, 42]))),
        ("setuid 1", in_child(lambda: attempt(os.setuid, 1))),
    ])


@probe("regain_capabilities")
def regain(host):
    import ctypes
    import struct

    header = ctypes.create_string_buffer(struct.pack("Ii", 0x20080522, 0))
    data = ctypes.create_string_buffer(struct.pack("6I", 0x200000, 0x200000, 0, 0, 0, 0))
    # capset of CAP_SYS_ADMIN; PR_CAP_AMBIENT_RAISE
    return all_refused([("capset", in_child(lambda: call_refused(126, header, data))), ("ambient", in_child(lambda: call_refused(157, 47, 2, 21, 0, 0)))])


@probe("working_directory_is_the_task")
def directory(host):
    return Outcome(os.getcwd() == "/var/task", os.getcwd())


@probe("host_name_is_not_the_hosts")
def host_name(host):
    return Outcome(socket.gethostname() != host["hostname"], socket.gethostname())
