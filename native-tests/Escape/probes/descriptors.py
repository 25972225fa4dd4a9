"""What came along from the processes that made this one."""
import os

from probe import Outcome, probe


@probe("inherited_descriptors")
def inherited(host):
    """0, 1, 2 and the runtime's own pipes; nothing that leads out."""
    strange, found = [], []
    for name in os.listdir("/proc/self/fd"):
        try:
            target = os.readlink(f"/proc/self/fd/{name}")
        except OSError:
            continue  # the listing's own
        if target.startswith("/proc/"):
            continue
        found.append((int(name), target))
        if not target.startswith("pipe:") and target != "/dev/null":
            strange.append((name, target))
    return Outcome(not strange and len(found) <= 8, f"{len(found)} open; strange {strange}")


@probe("environment_of_the_host")
def environment(host):
    mark = host["secret"]
    leaked = [name for name, value in os.environ.items() if mark in value or mark in name]
    hearth = [name for name in os.environ if name.startswith(("HEARTH_", "DOTNET_", "SUDO_", "SSH_"))]
    return Outcome(not leaked and not hearth, f"leaked {leaked} {hearth}")


@probe("files_of_the_host_in_memory_maps")
def maps(host):
    allowed = ("/usr/", "/var/task/", "/var/runtime/", "/opt/", "/tmp/", "/lib", "/etc/")
    with open("/proc/self/maps", encoding="utf-8") as file:
        paths = {line.split(maxsplit=5)[5].strip() for line in file if len(line.split(maxsplit=5)) == 6}
    strange = [path for path in paths if path.startswith("/") and not path.startswith(allowed)]
    return Outcome(not strange, f"strange {strange[:5]}")
