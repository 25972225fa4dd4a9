"""Host files, and writing where nothing may be written."""
import glob
import os

from probe import Outcome, all_refused, attempt, call_refused, in_child, probe, read_refused, system_call, write_refused


@probe("read_etc_shadow", control=True)
def read_shadow(host):
    return read_refused("/etc/shadow")


@probe("read_root_home", control=True)
def read_root_home(host):
    def entries():
        found = os.listdir("/root")
        if not found:
            raise FileNotFoundError(2, "empty")
        return found

    return attempt(entries)


@probe("read_host_marker")
def read_marker(host):
    """A world-readable file that the test put into the host's /tmp, by its own path and through every root in sight."""
    roots = ["", "/proc/self/root", "/proc/self/cwd/../..", "/proc/thread-self/root", "/usr/.."]
    return all_refused((root, read_refused(root + host["marker"])) for root in roots)


@probe("read_data_directory")
def read_data(host):
    """The node's own directory: keys, sockets, other tenants' code."""
    return all_refused((path, attempt(os.listdir, host["data"] + path)) for path in ["", "/run", "/code", "/agent", "/control", "/tmp"])


@probe("proc_root_of_others", control=True)
def proc_roots(host):
    pids = [pid for pid in os.listdir("/proc") if pid.isdigit() and int(pid) != os.getpid()]
    return all_refused((pid, attempt(os.listdir, f"/proc/{pid}/root")) for pid in pids)


@probe("proc_1_files")
def proc_1(host):
    return all_refused((name, read_refused(f"/proc/1/{name}")) for name in ["environ", "mem", "maps", "auxv", "exe", "cwd", "fd/0"])


@probe("proc_kcore")
def kcore(host):
    return read_refused("/proc/kcore")


@probe("proc_kallsyms", control=True)
def kallsyms(host):
    """The file may be there; addresses must not."""
    try:
        with open("/proc/kallsyms", encoding="ascii") as file:
            addresses = {int(file.readline().split()[0], 16) for _ in range(50)}
    except (OSError, IndexError) as failure:
        return Outcome(True, repr(failure))
    return Outcome(addresses == {0}, "all addresses are zero" if addresses == {0} else "addresses shown")


@probe("proc_tells_of_the_host", control=True)
def proc_of_host(host):
    """All that is at the top of /proc, but what programs size themselves by: empty or closed."""
    kept = {"self", "thread-self", "mounts", "net", "sysvipc", "cpuinfo", "meminfo", "stat", "loadavg", "uptime", "version", "filesystems", "sys"}
    kept.add("kmsg")  # kernel_log tries it; root would take lines away from the host's logger
    names = [name for name in os.listdir("/proc") if not name.isdigit() and name not in kept] + ["sys/kernel/core_pattern", "sys/kernel/random/boot_id", "sys/dev"]
    told = []
    for name in names:
        path = f"/proc/{name}"
        try:
            if os.path.isdir(path):
                content = os.listdir(path)
            else:
                descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
                content = os.read(descriptor, 64)
                os.close(descriptor)
        except OSError:
            continue
        if content:
            told.append(name)
    return Outcome(not told and len(names) > 20, f"{len(names)} looked at; told: {told}"[:300])


@probe("proc_sysrq_trigger")
def sysrq(host):
    # Opened only: where it is granted, nothing must happen to the machine.
    return attempt(os.open, "/proc/sysrq-trigger", os.O_WRONLY)


@probe("proc_sys_write")
def proc_sys(host):
    def last_pid():
        # Anyone may open it; writing asks for CAP_CHECKPOINT_RESTORE over the pid namespace.
        return write_refused("/proc/sys/kernel/ns_last_pid", b"100")

    names = ["kernel/core_pattern", "kernel/hostname", "kernel/modprobe", "vm/overcommit_memory", "net/ipv4/ip_forward", "fs/file-max", "user/max_user_namespaces"]
    return all_refused([("ns_last_pid", last_pid()), *((name, attempt(os.open, f"/proc/sys/{name}", os.O_WRONLY)) for name in names)])


@probe("proc_oom_score_lower")
def oom_score(host):
    """First in the line of the OOM killer it stays. The kernel makes the spawner's 900 a floor only when the spawner has CAP_SYS_RESOURCE, which root
    in some containers lacks: there it may go back to 0, never below."""
    with open("/proc/self/oom_score_adj", encoding="ascii") as file:
        before = file.read().strip()
    values = ["-1000", "-1", "0"] if host["sys_resource"] else ["-1000", "-1"]
    outcome = all_refused((value, in_child(lambda value=value: write_refused("/proc/self/oom_score_adj", value.encode()))) for value in values)
    return Outcome(outcome.refused and before == "900", f"{before}; {outcome.how}")


@probe("sys_is_empty", control=True)
def sys_files(host):
    found = os.listdir("/sys")
    return Outcome(not found, f"{len(found)} entries")


@probe("write_outside_tmp")
def write_outside(host):
    """Each directory in sight, other than /tmp and /proc."""
    granted, tried = [], 0
    for folder, names, _ in os.walk("/"):
        if folder == "/":
            names[:] = [name for name in names if name not in ("proc", "tmp", "usr")]
        tried += 1
        path = os.path.join(folder, ".probe")
        try:
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
            os.unlink(path)
            granted.append(folder)
        except OSError:
            pass
    for folder in ["/usr", "/usr/bin", "/usr/local/lib", "/usr/lib/python3/dist-packages"]:
        tried += 1
        if not attempt(os.mkdir, folder + "/.probe").refused:
            granted.append(folder)
    return Outcome(not granted and tried > 10, f"{tried} directories; granted: {granted}"[:300])


@probe("write_code_by_links")
def write_code(host):
    code = "/var/task/handler.py"
    link = "/tmp/code-link"
    if os.path.lexists(link):
        os.unlink(link)
    os.symlink(code, link)
    tries = [
        ("symlink", attempt(os.open, link, os.O_WRONLY)),
        ("proc-self-cwd", attempt(os.open, "/proc/self/cwd/handler.py", os.O_WRONLY | os.O_TRUNC)),
        ("hardlink", attempt(os.link, code, "/tmp/code-hard")),
        ("rename-over", attempt(os.rename, "/tmp/code-link", code)),
        ("rename-away", attempt(os.rename, code, "/tmp/code-moved")),
        ("unlink", attempt(os.unlink, code)),
        ("chmod", attempt(os.chmod, code, 0o777)),
        ("chown", attempt(os.chown, code, os.getuid(), os.getgid())),
        ("utime", attempt(os.utime, code)),
        ("setxattr", attempt(os.setxattr, code, "user.probe", b"1")),
    ]
    if os.path.lexists(link):
        os.unlink(link)
    return all_refused(tries)


@probe("write_code_by_descriptor")
def reopen(host):
    """A read-only descriptor, opened again for writing through /proc/self/fd."""
    descriptor = os.open("/var/task/handler.py", os.O_RDONLY)
    try:
        return attempt(os.open, f"/proc/self/fd/{descriptor}", os.O_RDWR)
    finally:
        os.close(descriptor)


@probe("write_interpreter_memory_file")
def write_exe(host):
    return all_refused((name, attempt(os.open, f"/proc/{name}/exe", os.O_WRONLY)) for name in ["self", "1"])


@probe("open_by_handle_at", control=True)
def shocker(host):
    """The "shocker": a handle of inode 2 on the file system of /usr or /var/task, opened without walking a path."""
    import ctypes
    import struct

    def tries():
        for place in ["/usr", "/var/task", "/tmp", "/etc"]:
            if not os.path.isdir(place):
                continue
            mount = os.open(place, os.O_RDONLY)
            handle = ctypes.create_string_buffer(struct.pack("Ii", 8, 1) + struct.pack("II", 2, 0))
            outcome = call_refused(304, mount, handle, os.O_RDONLY)
            os.close(mount)
            yield place, outcome

    return all_refused(tries())


@probe("setuid_binaries")
def setuid(host):
    """What has the set-user-id bit on the host must not gain anything here."""
    import subprocess

    found = [path for path in glob.glob("/usr/bin/*") if os.path.isfile(path) and os.stat(path).st_mode & 0o4000]
    tries = []
    for command in [["/usr/bin/su", "-c", "id -u"], ["/usr/bin/mount", "-t", "tmpfs", "x", "/tmp"], ["/usr/bin/umount", "/tmp"], ["/usr/bin/newgrp", "root"]]:
        if os.path.exists(command[0]):
            run = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=10)
            tries.append((command[0], Outcome(run.returncode != 0 or run.stdout.strip() not in ("", "0"), f"exit {run.returncode} {run.stdout!r:.60}")))
    nosuid = bool(os.statvfs("/usr").f_flag & os.ST_NOSUID)
    tries.append(("nosuid", Outcome(nosuid, f"{len(found)} setuid files, nosuid={nosuid}")))
    return all_refused(tries)


@probe("make_setuid_binary")
def make_setuid(host):
    """The bit can be set on one's own file; executing it must still change nothing."""
    import shutil
    import subprocess

    shutil.copy("/usr/bin/id", "/tmp/id-setuid")
    try:
        os.chmod("/tmp/id-setuid", 0o6755)
        answer = subprocess.run(["/tmp/id-setuid", "-u"], capture_output=True, text=True, timeout=10).stdout.strip()
        return Outcome(answer == str(os.getuid()) and bool(os.statvfs("/tmp").f_flag & os.ST_NOSUID), f"runs as {answer}, /tmp nosuid")
    finally:
        os.unlink("/tmp/id-setuid")
