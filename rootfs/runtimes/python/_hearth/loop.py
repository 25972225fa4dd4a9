"""The life of the process: Hello, Init, then one invocation after the other."""
import os
import sys

from . import wire

# Out of the way of the handler's own descriptors, below the 64 that need no larger table; not inherited by its children.
_REQUESTS, _RESPONSES = 62, 63
_forked = False
_prepared = False


def run(runtime_folder):
    wire.write(4, wire.frame(wire.HELLO, wire.PROTOCOL_VERSION, "python", "%d.%d.%d" % sys.version_info[:3]))
    prepare()
    try:
        frames = wire.Reader(3)
        init = frames.read()
        if init is None:
            _leave(0)
        if init[0] == wire.SHUTDOWN:
            _leave(0)
        if init[0] != wire.INIT:
            raise wire.WireError("kind %d came before Init" % init[0])
        _initialize(runtime_folder, init, frames)
    except wire.WireError as error:
        _broken(error)


def prepare():
    """What every function needs, and what most of them import, if this process was started ahead of time and waits for its Init anyway. Once; children of a zygote inherit it."""
    global _prepared
    if _prepared:
        return
    _prepared = True
    if sys.flags.no_site:
        # exit(), quit() and the machine's site-packages: what the handler expects of an interpreter.
        import site
        path = list(sys.path)
        site.main()
        sys.path[:] = path + [p for p in sys.path if p not in path]
    from . import environment, handler, invocation, logs
    if "HEARTH_WARMED" in os.environ:
        import json


def _initialize(runtime_folder, init, frames):
    from . import environment
    _, handler_name, wanted, _ = init
    handler_name, wanted = environment.as_wrapped(handler_name, wanted)
    try:
        # The code is mounted over the folder that the process was started in when that was ahead of time.
        os.chdir(wanted.get("LAMBDA_TASK_ROOT", "/var/task"))
    except OSError:
        pass
    if environment.needs_exec(wanted):
        environment.exec_again(runtime_folder + "/bootstrap.py", wanted)
    os.dup2(3, _REQUESTS, inheritable=False)
    os.dup2(4, _RESPONSES, inheritable=False)
    os.close(3)
    os.close(4)
    frames.fd = _REQUESTS
    os.register_at_fork(after_in_child=_after_fork)
    environment.apply(wanted, runtime_folder)
    _prepare_output()
    from . import handler, logs
    logs.install()
    function = handler.load_or_report(handler_name, _RESPONSES)
    if function is None:
        _leave(1)
    wire.write(_RESPONSES, wire.frame(wire.INIT_DONE))
    from .invocation import Invoker
    _serve(frames, Invoker(function, _RESPONSES, lambda: _forked))


def _serve(frames, invoker):
    while True:
        request = frames.read()
        if request is None or request[0] == wire.SHUTDOWN:
            _leave(0)
        if request[0] != wire.INVOKE:
            raise wire.WireError("kind %d is not one that an agent sends now" % request[0])
        invoker.invoke(request)
        if _forked:
            _leave(0)


def _prepare_output():
    """A line leaves as it is ended and whatever is left before each answer; a sandbox may have no valid locale."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            if stream.encoding.lower() != "utf-8":
                stream.reconfigure(encoding="utf-8", errors="surrogateescape")
            stream.reconfigure(line_buffering=True)


def _after_fork():
    """A child that the handler forks must never answer for its parent."""
    global _forked
    _forked = True
    for fd in (_REQUESTS, _RESPONSES):
        try:
            os.close(fd)
        except OSError:
            pass


def flush():
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (AttributeError, ValueError, OSError):
            pass


def _leave(code):
    flush()
    os._exit(code)


def _broken(error):
    sys.stderr.write("hearth: %s\n" % error)
    _leave(1)
