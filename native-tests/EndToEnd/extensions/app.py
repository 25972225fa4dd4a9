"""A function that tells what the extension beside it has been told, and does what its event says."""
import os
import sys
import time

print("loaded with", os.environ["AWS_LAMBDA_RUNTIME_API"])


def read(path):
    return open(path).read() if os.path.exists(path) else ""


def handler(event, context):
    print("function says", event.get("say"))
    what = event.get("do")
    if what == "sleep":
        time.sleep(60)
    if what == "exit":
        os._exit(9)
    if what == "raise":
        raise ValueError("no")
    if what == "allocate":
        return len(bytearray(os.urandom(1024) * 1024 * 400))
    if what == "echo":
        return event["text"]
    return {"watched": read("/tmp/watched"), "telemetry": read("/tmp/telemetry"), "parent": read("/proc/%d/comm" % os.getppid()).strip(), "wrapped": os.environ.get("FROM_WRAPPER"),
            "variables": sorted(os.environ), "user": os.getuid()}


def wrapped(event, context):
    return {"wrapped": os.environ["FROM_WRAPPER"], "variables": sorted(os.environ), "randomized": sys.flags.hash_randomization}
