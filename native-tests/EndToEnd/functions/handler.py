"""Behaviours that the end-to-end tests need: event["do"] names one."""
import os
import time

STARTED = time.monotonic_ns()
COUNT = 0
CHUNKS = []


def echo(event):
    return event


def count(event):
    """State in memory, and in /tmp."""
    global COUNT
    COUNT += 1
    path = "/tmp/count"
    before = int(open(path).read()) if os.path.exists(path) else 0
    with open(path, "w") as file:
        file.write(str(before + 1))
    return {"memory": COUNT, "tmp": before + 1}


def sleep(event):
    time.sleep(event["seconds"])
    return "slept"


def wait(event):
    """Until the test has made a file."""
    open(f"/tmp/waiting-{event['mark']}", "w").close()
    while not os.path.exists(f"/tmp/go-{event['mark']}"):
        time.sleep(0.05)
    return "waited"


def spin(event):
    while True:
        pass


def allocate(event):
    """Touches each page."""
    megabytes = event["megabytes"]
    for _ in range(megabytes):
        CHUNKS.append(bytearray(os.urandom(1)) * (1 << 20))
    return len(CHUNKS)


def garbage(event):
    total = 0
    for _ in range(event["rounds"]):
        block = bytearray(1 << 20)
        block[:: 4096] = b"x" * 256
        total += len(block)
    return total


def write_tmp(event):
    with open("/tmp/big", "wb") as file:
        for _ in range(event["megabytes"]):
            file.write(os.urandom(1 << 16) * 16)
        file.flush()
        os.fsync(file.fileno())
    size = os.stat("/tmp/big").st_size
    os.unlink("/tmp/big")
    return size


def flood(event):
    for number in range(event["lines"]):
        print(f"line {number} " + "x" * 200)
    return event["lines"]


def flood_for_ever(event):
    while True:
        print("x" * 4096)


def fork_bomb_for_ever(event):
    while True:
        try:
            if os.fork() == 0:
                continue
        except OSError:
            pass


def descriptors_for_ever(event):
    import socket

    held = []
    while True:
        try:
            held.append(socket.socketpair())
        except OSError:
            held.append(bytes(1 << 16))


def threads_for_ever(event):
    import threading

    while True:
        try:
            threading.Thread(target=time.sleep, args=(3600,), daemon=True).start()
        except RuntimeError:
            pass


def leave_process(event):
    """A background process that outlives the invocation."""
    child = os.fork()
    if child == 0:
        time.sleep(3600)
        os._exit(0)
    return child


def fork_bomb(event):
    children = 0
    try:
        while True:
            if os.fork() == 0:
                time.sleep(3600)
                os._exit(0)
            children += 1
    except OSError as failure:
        return {"children": children, "errno": failure.errno}


def descriptors(event):
    opened = []
    try:
        while True:
            opened.append(open("/dev/null"))
    except OSError as failure:
        count, number = len(opened), failure.errno
        opened.clear()
        return {"opened": count, "errno": number}


def exit_now(event):
    os._exit(event.get("code", 0))


def segfault(event):
    import ctypes

    ctypes.string_at(0)


def kill_self(event):
    os.kill(os.getpid(), 9)


def large(event):
    return "x" * event["bytes"]


def raise_error(event):
    raise ValueError("asked to fail")


def limits(event):
    return {"pid": os.getpid(), "uid": os.getuid(), "cwd": os.getcwd(), "started": STARTED}


def handle(event, context):
    return globals()[event["do"]](event)
