"""Device nodes: opening and making them."""
import glob
import os
import stat

from probe import Outcome, all_refused, attempt, probe


@probe("device_nodes", control=True)
def nodes(host):
    names = ["mem", "kmsg", "port", "kvm", "fuse", "vda", "sda", "nvme0n1", "loop0", "loop-control", "mapper/control", "net/tun", "vhost-net", "vsock", "ptmx", "tty", "tty0", "console", "input/event0", "rtc0", "hwrng", "userfaultfd", "btrfs-control", "shm"]
    return all_refused((name, attempt(os.open, f"/dev/{name}", os.O_RDONLY | os.O_NONBLOCK)) for name in names)


@probe("only_harmless_devices", control=True)
def harmless(host):
    allowed = {"null", "zero", "full", "random", "urandom", "fd", "stdin", "stdout", "stderr"}
    found = {os.path.relpath(path, "/dev") for path in glob.glob("/dev/**", recursive=True)} - {"."}
    extra = {name for name in found if name.split("/")[0] not in allowed}
    return Outcome(not extra, f"extra {sorted(extra)[:10]}")


@probe("mknod")
def mknod(host):
    def make(kind, device):
        path = "/tmp/probe-node"
        outcome = attempt(os.mknod, path, kind | 0o600, device)
        if os.path.lexists(path):
            os.unlink(path)
        return outcome

    return all_refused([("mem", make(stat.S_IFCHR, os.makedev(1, 1))), ("disk", make(stat.S_IFBLK, os.makedev(254, 0))), ("null", make(stat.S_IFCHR, os.makedev(1, 3)))])


@probe("terminal_injection")
def tiocsti(host):
    import fcntl
    import termios

    def push(descriptor):
        try:
            return attempt(fcntl.ioctl, descriptor, termios.TIOCSTI, b"x")
        except ValueError as failure:
            return Outcome(True, str(failure))

    return all_refused((descriptor, push(descriptor)) for descriptor in [0, 1, 2])
