"""One's own group must be all there is."""
import os

from probe import Outcome, all_refused, attempt, call_refused, in_child, probe


@probe("cgroup_mount")
def mount(host):
    return all_refused((kind, in_child(lambda kind=kind: call_refused(165, "none", "/tmp", kind, 0, options))) for kind, options in [("cgroup2", None), ("cgroup", "memory"), ("cgroup", "none,name=probe")])


@probe("cgroup_file_systems", control=True)
def visible(host):
    with open("/proc/self/mountinfo", encoding="utf-8") as file:
        seen = [line.split()[4] for line in file if " - cgroup" in line]
    seen += [path for path in ["/sys/fs/cgroup", "/sys/fs/cgroup/cgroup.procs", "/sys/fs/cgroup/memory"] if os.path.exists(path)]
    return Outcome(not seen, f"seen {seen[:5]}")


@probe("cgroup_path_is_root")
def path(host):
    """Names of groups on the host say who else is there."""
    with open("/proc/self/cgroup", encoding="utf-8") as file:
        paths = {line.rstrip("\n").split(":", 2)[2] for line in file}
    return Outcome(paths == {"/"}, f"paths {sorted(paths)[:5]}")
