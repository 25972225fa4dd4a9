"""A Lambda runtime client as AWS's Python one (awslambdaric 2.x-4.x) uses the Runtime API, with nothing but the standard library: a layer's /opt/python-client.py.

As there: events and results on one connection that stays open, header names in lower case, no Expect, no chunks; the error of an initialisation on a second
connection by http.client; /next without a time limit; faults of an invocation without Function-Error-Type but with X-Ray's cause; tracebacks joined by CR.
"""
import http.client
import importlib
import json
import os
import sys
import traceback

API = os.environ["AWS_LAMBDA_RUNTIME_API"]
BASE = "/2018-06-01/runtime"
AGENT = f"aws-lambda-python/{'.'.join(map(str, sys.version_info[:3]))}-4.0.1"
# What this client refuses to start without.
NAME, VERSION, MEMORY = (os.environ["AWS_LAMBDA_FUNCTION_" + name] for name in ("NAME", "VERSION", "MEMORY_SIZE"))


class Context:
    def __init__(self, headers):
        self.aws_request_id = headers["Lambda-Runtime-Aws-Request-Id"]
        self.invoked_function_arn = headers["Lambda-Runtime-Invoked-Function-Arn"]
        self.deadline_ms = int(headers["Lambda-Runtime-Deadline-Ms"])
        self.client_context = headers.get("Lambda-Runtime-Client-Context")
        self.trace_id = headers.get("Lambda-Runtime-Trace-Id")
        self.connection = connection


class Connection:
    """aws-lambda-cpp's handle of curl: HTTP/1.1, reused as long as the other side lets it."""

    def __init__(self):
        self.opened = 0
        self.http = None

    def send(self, method, path, body=None, headers=()):
        if self.http is None:
            self.http = http.client.HTTPConnection(API, timeout=None)
            self.opened += 1
        # putrequest and not request: http.client would add its own names and cases.
        self.http.putrequest(method, BASE + path, skip_accept_encoding=True)
        for name, value in (("accept", "*/*"), ("user-agent", AGENT), *headers):
            self.http.putheader(name, value)
        if body is not None:
            self.http.putheader("content-length", str(len(body)))
        self.http.endheaders(body)
        answer = self.http.getresponse()
        data = answer.read()
        if answer.will_close:
            self.http.close()
            self.http = None
        return answer, data


connection = Connection()


def fault(kind, error, value):
    trace = traceback.extract_tb(value.__traceback__)[1:]
    print(f"[ERROR] {kind}: {error}\rTraceback (most recent call last):\r" + "\r".join(line.rstrip().replace("\n", "\r") for line in traceback.format_list(trace)), flush=True)
    return {"errorMessage": error, "errorType": kind, "stackTrace": traceback.format_list(trace)}


def cause(body):
    """What X-Ray shows of a failure."""
    return json.dumps({"working_directory": os.getcwd(), "exceptions": [{"type": body["errorType"], "message": body["errorMessage"], "stack": [{"label": "handle", "path": "app.py", "line": 1}]}], "paths": ["app.py"]})


def load(handler):
    module, name = handler.rsplit(".", 1)
    try:
        return getattr(importlib.import_module(module.replace("/", ".")), name)
    except ImportError as e:
        body = {"errorMessage": f"Unable to import module '{module}': {e}", "errorType": "Runtime.ImportModuleError", "requestId": "", "stackTrace": []}
        second = http.client.HTTPConnection(API)
        # A text, which http.client sends as it is, and names as the client writes them.
        second.request("POST", BASE + "/init/error", json.dumps(body), {"Content-Type": "application/json", "Lambda-Runtime-Function-Error-Type": "Runtime.ImportModuleError"})
        answer = second.getresponse()
        assert (answer.status, json.loads(answer.read())) == (202, {"status": "OK"}), answer.status
        sys.exit(1)


sys.path.insert(0, os.environ["LAMBDA_TASK_ROOT"])
handle = load(os.environ["_HANDLER"])
while True:
    answer, event = connection.send("GET", "/invocation/next")
    assert answer.status == 200 and answer.headers["Content-Type"].startswith("application/json"), (answer.status, answer.headers)
    context = Context(answer.headers)
    if context.trace_id:
        os.environ["_X_AMZN_TRACE_ID"] = context.trace_id
    path = f"/invocation/{context.aws_request_id}"
    try:
        result = json.dumps(handle(json.loads(event), context), ensure_ascii=False).encode()
        kind, headers = "/response", [("content-type", "application/json"), ("lambda-runtime-function-xray-error-cause", "")]
    except Exception as e:
        body = {**fault(type(e).__name__, str(e), e), "requestId": context.aws_request_id}
        result = json.dumps(body).encode()
        kind, headers = "/error", [("content-type", "application/json"), ("lambda-runtime-function-xray-error-cause", cause(body))]
    answer, said = connection.send("POST", path + kind, result, headers)
    if answer.status == 413:
        # It raises, and ends by that.
        sys.exit(f"Failed to post invocation response: {said.decode()}")
    assert (answer.status, json.loads(said)) == (202, {"status": "OK"}), (answer.status, said)
