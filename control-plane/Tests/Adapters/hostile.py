"""Every operation of the service model with members that are missing, of another type, out of range and hostile. Arguments: endpoint, zip, the control plane's folder,
the server's own table of operations (for those that are newer than this botocore).

Whatever comes is refused with 4xx and a type, or carried out; never 5xx but for what is honestly not there (501, and 503 without an agent). What is refused, and what
only reads, leaves the database and the stored zips as they were.
"""
import base64
import http.client
import json
import os
import sqlite3
import sys
import time
import urllib.parse

import botocore.session

host, package = sys.argv[1].removeprefix("http://"), base64.b64encode(open(sys.argv[2], "rb").read()).decode()
model = botocore.session.get_session().get_service_model("lambda")
connection = http.client.HTTPConnection(host)
database = sqlite3.connect(f"file:{sys.argv[3]}/hearth.db?mode=ro", uri=True)
sent = 0

TEXTS = ["", " ", "x" * 5000, "../../etc/passwd", "a\u0000b", "\ud83d\ude00", "%2e%2e", "arn:aws:lambda:us-east-1:000000000000:function:f:$LATEST:x", "-1", "1e999", "null"]
OTHERS = [None, True, 0, -1, 2 ** 31, 2 ** 63, 1.5, 1e300, [], {}, [[[[]]]], {"": {"": None}}]
ARN = "arn:aws:lambda:us-east-1:000000000000:"
# By shape: values that lead past the first check, to a function and a layer "f" that exist.
VALID = {
    "Version": "$LATEST", "Action": "lambda:InvokeFunction", "Principal": "*", "LayerPermissionAllowedAction": "lambda:GetLayerVersion", "LayerPermissionAllowedPrincipal": "*",
    "RoleArn": "arn:aws:iam::000000000000:role/r", "Runtime": "python3.9", "Arn": "arn:aws:sqs:us-east-1:000000000000:q", "FunctionArn": ARN + "function:f", "LayerVersionArn": ARN + "layer:f:1",
    "FunctionName": "f", "NamespacedFunctionName": "f", "LayerName": "f", "LayerVersionNumber": 1, "CodeSigningConfigArn": ARN + "code-signing-config:csc-00000000000000000", "Blob": package,
    "DestinationArn": "arn:aws:sqs:us-east-1:000000000000:q", "AdditionalVersionWeights": {},
}


def good(shape, depth=0):
    """A value that the model allows."""
    if shape is None:
        return "f"
    if shape.name in VALID:
        return VALID[shape.name]
    if shape.type_name == "structure":
        return {n: good(m, depth + 1) for n, m in shape.members.items() if n in shape.required_members} if depth < 5 else {}
    if shape.type_name == "list":
        return [good(shape.member, depth + 1)]
    if shape.type_name == "map":
        return {"1": good(shape.value, depth + 1)}
    if shape.type_name == "string":
        return shape.metadata.get("enum", ["f" * shape.metadata.get("min", 1)])[0]
    return {"boolean": True, "double": 0.5, "timestamp": 0}.get(shape.type_name, max(1, int(shape.metadata.get("min", 1))))


class Operation:
    """Where its members go: name -> (place, name there, shape or None, whether it must be)."""
    def __init__(self, name, method, uri, members):
        self.name, self.method, self.uri, self.members = name, method, uri, members


def modelled(name):
    operation = model.operation_model(name)
    shape = operation.input_shape
    return Operation(name, operation.http["method"], operation.http["requestUri"], {
        n: (m.serialization.get("location", "body"), m.serialization.get("name", n), m, n in shape.required_members) for n, m in (shape.members.items() if shape else ())})


def newer(path):
    """Operations of the server's table that botocore does not know."""
    structures, operations, members = {}, [], None
    for line in open(path):
        words = line.split()
        if line.startswith("operation ") and words[1] not in model.operation_names:
            operations.append(words[1:])
        elif line.startswith("structure "):
            members = structures.setdefault(words[1], {})
        elif line.startswith("  ") and members is not None:
            members[words[0]] = (words[1], words[2], words[3], "required" in words)
    for name, method, uri, shape in operations:
        known = {n: (place, wire, None, must) for n, (place, wire, _, must) in structures.get(shape, {}).items()}
        wires = {wire for place, wire, _, _ in known.values() if place == "uri"}
        yield Operation(name, method, uri, known | {w: ("uri", w, None, True) for w in (part.strip("{}") for part in uri.split("/") if part.startswith("{")) if w not in wires})


def state():
    """Changes with every commit; names of the stored zips."""
    return database.execute("PRAGMA data_version").fetchone()[0], {name for name in os.listdir(os.path.join(sys.argv[3], "blobs")) if not name.startswith(".")}


def hostile(shape):
    yield from TEXTS
    yield from OTHERS
    if shape is None:
        return
    if shape.type_name == "structure":
        for name, member in shape.members.items():
            for value in TEXTS[:4] + OTHERS:
                yield {**good(shape), name: value}
    if shape.type_name == "list":
        yield [good(shape.member)] * 200
        for value in TEXTS[:4] + OTHERS:
            yield [value]
    if shape.type_name == "map":
        for value in TEXTS[:4] + OTHERS:
            yield {"1": value}
            yield {str(value): "x"}


def send(operation, members):
    global sent
    path, query, body = operation.uri, [], {}
    for name, value in members.items():
        place, wire, _, _ = operation.members[name]
        if place == "uri":
            text = value if isinstance(value, str) else json.dumps(value)
            path = path.replace("{%s}" % wire, urllib.parse.quote(text.encode("utf-8", "surrogatepass"), safe="") or "-")
        elif place == "querystring":
            query.append((wire, value if isinstance(value, str) else json.dumps(value)))
        elif place == "body":
            body[wire] = value
    if query:
        path += ("&" if "?" in path else "?") + urllib.parse.urlencode(query, errors="surrogatepass")
    data = json.dumps(body).encode() if operation.method in ("POST", "PUT") else None
    version, zips = state()
    connection.request(operation.method, path, body=data)
    answer = connection.getresponse()
    text = answer.read()
    sent += 1
    if answer.status >= 400 or operation.method == "GET":
        after = state()
        assert after[0] == version and after[1] <= zips, (operation.name, path, body, answer.status, "left something behind")
    if "%00" in path and answer.status == 400:
        return  # the HTTP server's own refusal
    told = answer.headers.get("x-amzn-ErrorType")
    assert answer.status < 500 or (answer.status, told) in ((501, "NotImplementedException"), (503, "ServiceException")), (operation.name, path, body, answer.status, text)
    assert answer.status < 300 or told and len(text) < 10_000, (operation.name, path, body, answer.status, text)


# The agent's: HostileInvoke.py has them.
operations = [modelled(name) for name in model.operation_names if name not in ("Invoke", "InvokeAsync")] + [o for o in newer(sys.argv[4]) if o.name != "InvokeWithResponseStream"]
before = state()
for operation in operations:
    # Some operations take away what the others need.
    send(modelled("CreateFunction"), {"FunctionName": "f", "Runtime": "python3.9", "Handler": "a.b", "Role": VALID["RoleArn"], "Code": {"ZipFile": package}})
    if operation.name.endswith("LayerVersion"):
        send(modelled("PublishLayerVersion"), {"LayerName": "f", "Content": {"ZipFile": package}})
    whole = {n: good(shape) for n, (_, _, shape, must) in operation.members.items() if must}
    send(operation, whole)
    for member, (place, _, shape, _) in operation.members.items():
        send(operation, {n: v for n, v in whole.items() if n != member or place == "uri"})
        for value in hostile(shape):
            send(operation, {**whole, member: value})
after = state()
assert before[0] != after[0] and before[1] < after[1], "what was carried out is not seen either"
# An upload that was refused may be cleared away a moment after the answer.
for _ in range(200):
    left = os.listdir(os.path.join(sys.argv[3], "blobs", ".incoming"))
    if not left:
        break
    time.sleep(0.05)
assert not left, left
print(f"hostile: {sent} requests of {len(operations)} operations ok")
