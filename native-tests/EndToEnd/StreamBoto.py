"""InvokeWithResponseStream by boto3, which reads AWS's event stream and checks it against AWS's service model. Arguments: endpoint, a function that answers with its event, one that streams."""
import base64
import json
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

client = boto3.client(
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
