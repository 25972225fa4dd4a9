"""Every operation of the service model with members that are missing, of another type, out of range and hostile. Arguments: endpoint, zip.

Whatever comes is refused with 4xx and a type, or carried out; never 5xx but for what is honestly not there (501, and 503 without an agent).
"""
import base64
import http.client
import json
import sys
import urllib.parse

import botocore.session

host, package = sys.argv[1].removeprefix("http://"), base64.b64encode(open(sys.argv[2], "rb").read()).decode()
model = botocore.session.get_session().get_service_model("lambda")
connection = http.client.HTTPConnection(host)
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


def hostile(shape):
    yield from TEXTS
    yield from OTHERS
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
    global sent, connection
    path, query, body = operation.http["requestUri"], [], {}
    for name, value in members.items():
        shape = operation.input_shape.members[name]
        place, wire = shape.serialization.get("location", "body"), shape.serialization.get("name", name)
        if place == "uri":
            text = value if isinstance(value, str) else json.dumps(value)
            path = path.replace("{%s}" % wire, urllib.parse.quote(text.encode("utf-8", "surrogatepass"), safe="") or "-")
        elif place == "querystring":
            query.append((wire, value if isinstance(value, str) else json.dumps(value)))
        elif place == "body":
            body[wire] = value
    if query:
        path += ("&" if "?" in path else "?") + urllib.parse.urlencode(query, errors="surrogatepass")
    data = json.dumps(body).encode() if operation.http["method"] in ("POST", "PUT") else None
    connection.request(operation.http["method"], path, body=data)
    answer = connection.getresponse()
    text = answer.read()
    sent += 1
    if "%00" in path and answer.status == 400:
        return  # the HTTP server's own refusal
    told = answer.headers.get("x-amzn-ErrorType")
    assert answer.status < 500 or (answer.status, told) in ((501, "NotImplementedException"), (503, "ServiceException")), (operation.name, path, body, answer.status, text)
    assert answer.status < 300 or told and len(text) < 10_000, (operation.name, path, body, answer.status, text)


for name in model.operation_names:
    operation = model.operation_model(name)
    if operation.input_shape is None or name in ("Invoke", "InvokeAsync"):
        continue
    # Some operations take away what the others need.
    send(model.operation_model("CreateFunction"), {"FunctionName": "f", "Runtime": "python3.9", "Handler": "a.b", "Role": VALID["RoleArn"], "Code": {"ZipFile": package}})
    if name.endswith("LayerVersion"):
        send(model.operation_model("PublishLayerVersion"), {"LayerName": "f", "Content": {"ZipFile": package}})
    whole = {n: good(m) for n, m in operation.input_shape.members.items() if n in operation.input_shape.required_members}
    send(operation, whole)
    for member, shape in operation.input_shape.members.items():
        send(operation, {n: v for n, v in whole.items() if n != member or shape.serialization.get("location") == "uri"})
        for value in hostile(shape):
            send(operation, {**whole, member: value})
print(f"hostile: {sent} ok")
