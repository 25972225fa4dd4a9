"""InvokeWithResponseStream by boto3, whose own reader of event streams it is. Arguments: endpoint, a function that answers with its event, one that streams."""
import base64
import json
import sys

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import ClientError


def header(name):
    return {"shape": "String", "location": "header", "locationName": name}


def with_streams(model):
    """Debian's boto3 may be older than the operation: as AWS's service model describes it."""
    if "InvokeWithResponseStream" in model["operations"]:
        return model
    invoke = model["operations"]["Invoke"]
    model["operations"]["InvokeWithResponseStream"] = {
        **invoke, "name": "InvokeWithResponseStream", "input": {"shape": "StreamRequest"}, "output": {"shape": "StreamResponse"},
        "http": {"method": "POST", "requestUri": "/2021-11-15/functions/{FunctionName}/response-streaming-invocations"}}
    model["shapes"]["StreamRequest"] = model["shapes"][invoke["input"]["shape"]]
    model["shapes"]["StreamResponse"] = {"type": "structure", "payload": "EventStream", "members": {
        "StatusCode": {"shape": "Integer", "location": "statusCode"}, "ExecutedVersion": header("X-Amz-Executed-Version"),
        "ResponseStreamContentType": header("Content-Type"), "EventStream": {"shape": "StreamEvent"}}}
    model["shapes"]["StreamEvent"] = {"type": "structure", "eventstream": True, "members": {"PayloadChunk": {"shape": "StreamChunk"}, "InvokeComplete": {"shape": "StreamEnd"}}}
    model["shapes"]["StreamChunk"] = {"type": "structure", "event": True, "members": {"Payload": {"shape": "Blob", "eventpayload": True}}}
    model["shapes"]["StreamEnd"] = {"type": "structure", "event": True, "members": {name: {"shape": "String"} for name in ("ErrorCode", "ErrorDetails", "LogResult")}}
    return model


session = botocore.session.get_session()
loader = session.get_component("data_loader")
load = loader.load_service_model


def load_with_streams(service_name, type_name, api_version=None):
    model = load(service_name, type_name, api_version=api_version)
    return with_streams(model) if (service_name, type_name) == ("lambda", "service-2") else model


loader.load_service_model = load_with_streams
client = boto3.Session(botocore_session=session).client(
    "lambda", endpoint_url=sys.argv[1], region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x",
    config=Config(retries={"max_attempts": 0}, inject_host_prefix=False))
echo, streaming = sys.argv[2:]


def invoke(name, event, **more):
    answer = client.invoke_with_response_stream(FunctionName=name, Payload=json.dumps(event), **more)
    assert answer["StatusCode"] == 200 and answer["ExecutedVersion"] == "$LATEST", answer
    assert answer["ResponseStreamContentType"] == "application/vnd.amazon.eventstream", answer
    events = list(answer["EventStream"])
    assert [list(e) for e in events] == [["PayloadChunk"]] * (len(events) - 1) + [["InvokeComplete"]], events
    return [e["PayloadChunk"]["Payload"] for e in events[:-1]], events[-1]["InvokeComplete"]


pieces, complete = invoke(echo, {"a": [1, "é"]})
assert len(pieces) == 1 and json.loads(pieces[0]) == {"a": [1, "é"]} and complete == {}, (pieces, complete)
large = {"text": "x" * 3_000_000}
pieces, complete = invoke(echo, large)
assert json.loads(b"".join(pieces)) == large and complete == {}
pieces, complete = invoke(streaming, {}, LogType="Tail")
assert b"".join(pieces) == b"onetwo" and "REPORT RequestId" in base64.b64decode(complete["LogResult"]).decode(), (pieces, complete)
for event, kind, said in (
        ({"fail": True}, "RangeError", "half way"), ({"exit": True}, "Runtime.ExitError", "exit status 3"), ({"sleep": True}, "Sandbox.Timedout", "Task timed out after 2.00 seconds")):
    pieces, complete = invoke(streaming, event)
    details = json.loads(complete["ErrorDetails"])
    assert b"".join(pieces) == b"one" and complete["ErrorCode"] == "Unhandled", (pieces, complete)
    assert details["errorType"] == kind and said in details["errorMessage"], complete
    assert b"".join(invoke(streaming, {})[0]) == b"onetwo"

for code, status, arguments in (
        ("ResourceNotFoundException", 404, {"FunctionName": "nobody"}), ("InvalidRequestContentException", 400, {"Payload": b"{"}), ("ResourceNotFoundException", 404, {"Qualifier": "7"})):
    try:
        client.invoke_with_response_stream(**{"FunctionName": echo, "Payload": b"{}", **arguments})
    except ClientError as failure:
        assert (failure.response["Error"]["Code"], failure.response["ResponseMetadata"]["HTTPStatusCode"]) == (code, status), failure.response
    else:
        raise AssertionError(f"{code} was not raised")
assert client.invoke_with_response_stream(FunctionName=echo, InvocationType="DryRun")["StatusCode"] == 204
print("boto: ok")
