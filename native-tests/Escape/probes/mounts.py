"""Mounting, by the old calls and the new ones, and what the mount table tells."""
import os

from probe import Outcome, all_refused, attempt, call_refused, in_child, probe

MS_RDONLY, MS_REMOUNT, MS_BIND, MS_MOVE, MS_REC, MS_PRIVATE = 1, 32, 4096, 8192, 16384, 1 << 18
MOUNTS_OF_A_SANDBOX = {"/", "/usr", "/bin", "/sbin", "/lib", "/lib64", "/lib32", "/libx32", "/dev", "/proc", "/tmp", "/var/tmp", "/var/task", "/var/runtime", "/opt", "/etc", "/sys", "/run/hearth"}


@probe("mount")
def mount(host):
    return all_refused([
        ("tmpfs", in_child(lambda: call_refused(165, "tmpfs", "/tmp", "tmpfs", 0, None))),
        ("proc", in_child(lambda: call_refused(165, "proc", "/tmp", "proc", 0, None))),
        ("sysfs", in_child(lambda: call_refused(165, "sysfs", "/tmp", "sysfs", 0, None))),
        ("bind", in_child(lambda: call_refused(165, "/usr", "/tmp", None, MS_BIND | MS_REC, None))),
        ("overlay", in_child(lambda: call_refused(165, "overlay", "/tmp", "overlay", 0, "lowerdir=/usr,upperdir=/tmp,workdir=/tmp"))),
        ("move", in_child(lambda: call_refused(165, "/tmp", "/mnt", None, MS_MOVE, None))),
        ("private", in_child(lambda: call_refused(165, "", "/", None, MS_PRIVATE | MS_REC, None))),
    ])


@probe("remount_writable")
def remount(host):
    return all_refused((path, in_child(lambda path=path: call_refused(165, "", path, None, MS_REMOUNT | MS_BIND, None))) for path in ["/", "/usr", "/var/task", "/var/runtime", "/dev", "/proc"])


@probe("umount")
def umount(host):
    # MNT_DETACH, and without
    return all_refused((path, in_child(lambda path=path, flags=flags: call_refused(166, path, flags))) for path in ["/tmp", "/var/task", "/proc", "/usr", "/"] for flags in [0, 2])


@probe("open_tree", control=True)
def open_tree(host):
    # OPEN_TREE_CLONE
    return in_child(lambda: call_refused(428, -100, "/usr", 1))


@probe("move_mount")
def move_mount(host):
    return in_child(lambda: call_refused(429, -100, "/tmp", -100, "/mnt", 0))


@probe("fsopen", control=True)
def fsopen(host):
    return all_refused((name, in_child(lambda name=name: call_refused(430, name, 0))) for name in ["tmpfs", "proc", "cgroup2", "ext4"])


@probe("fspick")
def fspick(host):
    return in_child(lambda: call_refused(433, -100, "/", 0))


@probe("mount_setattr")
def mount_setattr(host):
    import ctypes
    import struct

    # Clears MOUNT_ATTR_RDONLY.
    attributes = ctypes.create_string_buffer(struct.pack("QQQQ", 0, 1, 0, 0))
    return all_refused((path, in_child(lambda path=path: call_refused(442, -100, path, 0, attributes, 32))) for path in ["/", "/usr", "/var/task"])


@probe("pivot_root")
def pivot_root(host):
    return in_child(lambda: call_refused(155, "/tmp", "/tmp"))


@probe("chroot", control=True)
def chroot(host):
    return in_child(lambda: call_refused(161, "/usr"))


@probe("mount_table_shows_only_the_sandbox", control=True)
def mount_table(host):
    """The points are those of a sandbox; of the host it tells where code and runtime come from and nothing of other users' folders."""
    points, sources = set(), []
    with open("/proc/self/mountinfo", encoding="utf-8") as file:
        for line in file:
            fields = line.split()
            points.add(fields[4])
            sources.append(fields[3])
    strange = {point for point in points if point not in MOUNTS_OF_A_SANDBOX and not point.startswith(("/dev/", "/proc/", "/etc/", "/opt/"))}
    leaked = [source for source in sources if source.startswith(("/root/", "/home/", "/etc/"))]
    return Outcome(not strange and not leaked, f"{len(points)} mounts; strange {sorted(strange)[:10]} leaked {leaked[:5]}")


@probe("mounts_are_nosuid_nodev")
def mount_flags(host):
    wrong = []
    with open("/proc/self/mountinfo", encoding="utf-8") as file:
        for line in file:
            fields = line.split()
            options = set(fields[5].split(","))
            device = fields[4] == "/dev" or fields[4].startswith("/dev/")
            if "nosuid" not in options or ("nodev" not in options and not device):
                wrong.append((fields[4], fields[5]))
            if "ro" not in options and fields[4] not in ("/tmp", "/var/tmp", "/proc") and not device:
                wrong.append((fields[4], "writable"))
    return Outcome(not wrong, str(wrong)[:300])
