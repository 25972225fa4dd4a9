"""What the caller and the log get when something raises. Only imported then: traceback is the heaviest import there is here."""
import os
import sys
import time
import traceback

from . import jsons, wire
from .handler import Fault

_NO_BREAK_SPACE = "\u00a0"


def report(responses, invocation_id, request_id, fatal=False):
    """Logs the exception being handled and sends it as the answer."""
    kind, error, trace = sys.exc_info()
    if isinstance(error, Fault):
        described = describe(error.message, error.kind, error.trace, request_id)
    else:
        described = describe(_text(error), kind.__name__, traceback.format_list(_of_the_function(trace)), request_id)
    log(described)
    send(responses, invocation_id, described, fatal)


def describe(message, kind, trace, request_id):
    return {"errorMessage": message or "", "errorType": kind or "", "requestId": request_id or "", "stackTrace": trace or []}


def send(responses, invocation_id, described, fatal=False):
    from . import loop
    body = jsons.dumps(described).encode("utf-8", "replace")
    if len(body) > wire.MAX_PAYLOAD:
        described = too_large()
        body = jsons.dumps(described).encode()
    loop.flush()
    label = "".join(c for c in described["errorType"] if c.isprintable()).encode("utf-8", "replace")[:256].decode("utf-8", "ignore")
    wire.write(responses, wire.frame(wire.ERROR, invocation_id, label, fatal, payload=body), body)


def too_large():
    """The text as recorded from AWS (2025-11)."""
    message = "Response payload size exceeded maximum allowed payload size (%d bytes)." % wire.MAX_PAYLOAD
    return {"errorMessage": message, "errorType": "Function.ResponseSizeTooLarge"}


def log(described):
    """One event: lines are joined by carriage returns, and the indentation is of no-break spaces, as AWS's client writes it."""
    if os.environ.get("AWS_LAMBDA_LOG_FORMAT", "").upper() == "JSON":
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        sys.stdout.write(jsons.dumps({"timestamp": stamp, "log_level": "ERROR", **described}) + "\n")
        return
    head = "[ERROR]"
    if described["errorType"]:
        head += " " + described["errorType"]
    if described["errorMessage"]:
        head += (":" if described["errorType"] else "") + " " + described["errorMessage"]
    lines = [head, "Traceback (most recent call last):"]
    for element in described["stackTrace"]:
        for line in element.splitlines() or [""]:
            text = line.lstrip(" ")
            lines.append(_NO_BREAK_SPACE * (len(line) - len(text)) + text)
    sys.stdout.write("\r".join(lines).replace("\n", "\r") + "\n")


def _text(error):
    try:
        return str(error)
    except Exception:
        return "<%s: its text cannot be made>" % type(error).__name__


def _of_the_function(trace):
    """Without the runtime's own frames, which come first."""
    here = os.path.dirname(__file__) + "/"
    frames = traceback.extract_tb(trace)
    for index, frame in enumerate(frames):
        if not frame.filename.startswith(here):
            return frames[index:]
    return frames
