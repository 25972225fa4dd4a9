"""The handler's environment, and the one exec for variables that only work when they are there as the process starts."""
import os
import sys

MARK = "_HEARTH_REEXEC"
# Set when a script of the function's has started this process: what it left in the environment is the function's, but for the names that are listed here.
_WRAPPED = "_HEARTH_WRAPPED"
_PREFIXES = ("LD_", "PYTHON", "MALLOC_")
_NAMES = ("GLIBC_TUNABLES", "LC_ALL", "LC_CTYPE")
# These have their whole effect without a new process: see `apply`; line-wise flushing makes PYTHONUNBUFFERED's.
_LIVE = ("PYTHONPATH", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE")
# The interpreter coerces the C locale to UTF-8 whatever these say, unless they name another real locale.
_UTF8_LOCALES = ("", "C.UTF-8", "en_US.UTF-8", "POSIX", "C")


def as_wrapped(handler, wanted):
    """Handler and environment as AWS_LAMBDA_EXEC_WRAPPER left them, or as they are when there was no such script."""
    if _WRAPPED not in os.environ:
        return handler, wanted
    hidden = os.environ[_WRAPPED].split(",")
    wanted = {name: value for name, value in os.environ.items() if name not in hidden and name != MARK}
    return wanted.get("_HANDLER", handler), wanted


def needs_exec(wanted):
    """True when `wanted` has a start-up variable that this process was started without. A path of libraries counts by what it leads to."""
    if MARK in os.environ:
        return False
    if _WRAPPED in os.environ:
        # It had them when it was started, but -I made it not look at its own.
        return any(name.startswith("PYTHON") and name not in _LIVE for name in wanted)
    for name, value in wanted.items():
        if name in _LIVE or not (name.startswith(_PREFIXES) or name in _NAMES):
            continue
        now = os.environ.get(name, "")
        if now == value or (name in ("LC_ALL", "LC_CTYPE") and now in _UTF8_LOCALES and value in _UTF8_LOCALES):
            continue
        if name == "LD_LIBRARY_PATH" and library_folders(now) == library_folders(value):
            continue
        return True
    return False


def library_folders(path):
    """The folders of LD_LIBRARY_PATH that the loader would not search anyway and that hold a shared library."""
    system = ("", "/lib", "/lib64", "/usr/lib", "/usr/lib64", "/var/runtime", "/var/runtime/lib", "/var/lang/lib")
    return [folder for folder in path.split(":") if folder.rstrip("/") not in system and _has_library(folder)]


def _has_library(folder):
    try:
        with os.scandir(folder) as entries:
            return any(".so" in entry.name for entry in entries)
    except OSError:
        return False


def exec_again(script, wanted):
    """Starts this process anew with what it was started with, `wanted`, and the mark. -I and -E would make PYTHON* void."""
    flags = ["-S"] if sys.flags.no_site else []
    environment = {**os.environ, **wanted, MARK: "1"}
    # Its Init is here: the new process has nothing to prepare for.
    environment.pop("HEARTH_WARMED", None)
    os.execve(sys.executable or "/usr/bin/python3", ["python3", *flags, script], environment)


def apply(wanted, runtime_folder):
    """Makes `wanted` the whole environment and lets it act on this process."""
    os.environ.clear()
    os.environ.update(wanted)
    os.environ.pop(MARK, None)
    import time
    time.tzset()
    if os.environ.get("PYTHONDONTWRITEBYTECODE"):
        sys.dont_write_bytecode = True
    _set_path(runtime_folder)


def _set_path(runtime_folder):
    """AWS's order: the function, the layers, the interpreter's own, the runtime. PYTHONPATH takes the place of the layers' folders, as there."""
    task = os.environ.get("LAMBDA_TASK_ROOT", "/var/task")
    site_packages = "/opt/python/lib/python%d.%d/site-packages" % sys.version_info[:2]
    chosen = [p for p in os.environ.get("PYTHONPATH", "").split(":") if p and p.rstrip("/") != runtime_folder]
    layers = [site_packages, "/opt/python"]
    first = [task, *chosen, *layers]
    rest = [p for p in sys.path if p not in first and p != runtime_folder]
    sys.path[:] = [*first, *rest, runtime_folder]
    _read_pth(first)


def _read_pth(folders):
    for folder in folders:
        try:
            names = os.listdir(folder)
        except OSError:
            continue
        if any(name.endswith(".pth") for name in names):
            import site
            site.addsitedir(folder)
